import { parseJson } from "@tau/core";
import type { Json } from "@tau/core";

import type { FrameParser } from "./framing.ts";

/** Thrown by {@link WholeAnswer.end}: the body is not JSON, perhaps because a part of it is missing. */
class BrokenAnswerError extends Error {
  readonly code = "ANSWER_NOT_JSON";
}

/** Collects an answer that came as one JSON text instead of a stream, and gives it to `read` at its end. */
export class WholeAnswer implements FrameParser {
  readonly #read: (answer: Json, text: string) => void;
  readonly #chunks: Buffer[] = [];

  constructor(read: (answer: Json, text: string) => void) {
    this.#read = read;
  }

  push(chunks: readonly Buffer[]): void {
    this.#chunks.push(...chunks);
  }

  /** @throws BrokenAnswerError, or what `read` throws */
  end(): void {
    const [only] = this.#chunks;
    const isOne = only !== undefined && this.#chunks.length === 1;
    const text = (isOne ? only : Buffer.concat(this.#chunks)).toString("utf8");
    const parsed = parseJson(text);
    if (!parsed.ok) throw new BrokenAnswerError(`The answer is not JSON: ${parsed.reason}`);
    this.#read(parsed.value, text);
  }
}
