import { isJsonObject, parseJson, uuidv7 } from "@tau/core";
import type {
  AssistantPart,
  Json,
  JsonObject,
  ModelEvent,
  ModelFinished,
  StopReason,
  TauError,
  ToolCallPart,
} from "@tau/core";

import type { AnswerDecoder } from "../answer-decoder.ts";
import { objectAt, objectsAt, textAt } from "../json-fields.ts";
import { modelError } from "../model-error.ts";
import type { ModelIdentity } from "../model-error.ts";
import { wordGap } from "../sse/delta-gap.ts";
import { DeltaPattern } from "../sse/delta-pattern.ts";
import { DeltaShortcut } from "../sse/delta-shortcut.ts";
import type { SseEvent } from "../sse/sse-parser.ts";
import { TextAccumulator } from "../text-accumulator.ts";
import { toPartData } from "./part-data.ts";
import { readUsage } from "./usage.ts";

/** Older servers do not say why; `load` and `unload` answer a request without messages. */
const stopReasons: Readonly<Record<string, StopReason>> = {
  "": "stop",
  stop: "stop",
  length: "length",
  load: "stop",
  unload: "stop",
};

/** Only the first line's time is read, to name calls. */
const patternOptions = {
  frame: "ndjson",
  gaps: [wordGap(["created_at"], (line) => [line["created_at"]])],
} as const;

/** How the lines of one model that only add text look: to what it says, and to its thoughts. */
interface OllamaPatterns {
  readonly said: DeltaPattern;
  readonly thought: DeltaPattern;
}

export function createOllamaPatterns(): OllamaPatterns {
  return {
    said: new DeltaPattern(plainContent, ['"content":"'], patternOptions),
    thought: new DeltaPattern(plainThinking, ['"thinking":"'], patternOptions),
  };
}

/** Decodes the lines of one `/api/chat` stream. */
export class OllamaDecoder implements AnswerDecoder {
  finished: ModelFinished | undefined;

  readonly #identity: ModelIdentity;
  readonly #toError: (body: string) => Error;
  #events: ModelEvent[] = [];
  readonly #text = new TextAccumulator();
  readonly #thinking = new TextAccumulator();
  readonly #calls: ToolCallPart[] = [];
  readonly #said: DeltaShortcut;
  readonly #thought: DeltaShortcut;
  /** Names the calls of servers that do not. */
  #createdAt = "";

  constructor(
    identity: ModelIdentity,
    toError: (body: string) => Error,
    patterns: OllamaPatterns = createOllamaPatterns(),
  ) {
    this.#said = new DeltaShortcut(patterns.said);
    this.#thought = new DeltaShortcut(patterns.thought);
    this.#identity = identity;
    this.#toError = toError;
  }

  take(): ModelEvent[] {
    const events = this.#events;
    if (events.length > 0) this.#events = [];
    return events;
  }

  shortcut(text: string, offset: number): number {
    if (this.finished !== undefined) return -1;
    let behind = this.#said.read(text, offset);
    if (behind !== -1) this.#say(this.#said.text);
    else {
      behind = this.#thought.read(text, offset);
      if (behind !== -1) this.#think(this.#thought.text);
    }
    return behind;
  }

  event(event: SseEvent): void {
    if (this.finished !== undefined) return;
    const parsed = parseJson(event.data);
    if (!parsed.ok || !isJsonObject(parsed.value)) {
      throw this.#notTheProtocol(parsed.ok ? "A line of the stream is not an object." : parsed.reason);
    }
    this.#line(parsed.value);
    if (plainContent(parsed.value) !== undefined) this.#said.learn(event);
    else if (plainThinking(parsed.value) !== undefined) this.#thought.learn(event);
  }

  /** The protocol has an end marker of its own: `done`. */
  end(): void {}

  readAnswer(answer: Json): void {
    if (!isJsonObject(answer) || typeof answer["done"] !== "boolean") {
      throw this.#notTheProtocol("The answer has no `done`.");
    }
    this.#line(answer);
  }

  #line(line: JsonObject): void {
    if ((line["error"] ?? null) !== null) throw this.#toError(JSON.stringify(line));
    if (this.#createdAt === "") this.#createdAt = textAt(line, "created_at");
    const message = objectAt(line, "message");
    this.#think(textAt(message, "thinking"));
    this.#say(textAt(message, "content"));
    for (const call of objectsAt(message, "tool_calls")) this.#call(call);
    if (line["done"] === true) this.#finish(line);
  }

  #say(text: string): void {
    if (text === "") return;
    this.#text.add(text);
    this.#events.push({ type: "text_delta", text });
  }

  #think(text: string): void {
    if (text === "") return;
    this.#thinking.add(text);
    this.#events.push({ type: "thinking_delta", text });
  }

  #call(wire: JsonObject): void {
    const details = objectAt(wire, "function");
    const name = textAt(details, "name");
    if (name === "") throw this.#notTheProtocol("A tool call has no name.");
    const index = this.#calls.length;
    const given = textAt(wire, "id");
    const id = given || `call_${this.#createdAt.replaceAll(/\W/g, "") || uuidv7()}_${index}`;
    const { arguments: args } = details;
    const text = typeof args === "string" ? args || "{}" : JSON.stringify(args ?? {});
    this.#calls.push({ type: "tool_call", id, name, arguments: text });
    this.#events.push(
      { type: "tool_call_started", index, id, name },
      { type: "tool_call_delta", index, fragment: text },
    );
  }

  #finish(line: JsonObject): void {
    const parts: AssistantPart[] = [];
    if (!this.#thinking.isEmpty) {
      parts.push({ type: "thinking", text: this.#thinking.toString(), providerData: toPartData() });
    }
    if (!this.#text.isEmpty) parts.push({ type: "text", text: this.#text.toString() });
    this.finished = {
      type: "finished",
      message: { role: "assistant", parts: [...parts, ...this.#calls] },
      usage: readUsage(line),
      stopReason: this.#stopReason(textAt(line, "done_reason")),
      model: textAt(line, "model") || this.#identity.model,
    };
    this.#events.push(this.finished);
  }

  #stopReason(doneReason: string): StopReason {
    const reason = Object.hasOwn(stopReasons, doneReason) ? stopReasons[doneReason] : undefined;
    if (reason === undefined) {
      throw modelError("model.truncated", this.#identity, {
        sentence: `stopped for a reason of its own (${doneReason.slice(0, 40)}). Nothing of the answer is complete`,
      });
    }
    return reason === "stop" && this.#calls.length > 0 ? "tool_calls" : reason;
  }

  #notTheProtocol(reason: string): TauError {
    return modelError("model.parse", this.#identity, { cause: new Error(reason) });
  }
}

/** The text of a line that does nothing but add text to the answer. */
function plainContent(line: Json): string | undefined {
  const message = plainMessage(line, "thinking");
  return message && (textAt(message, "content") || undefined);
}

/** The text of a line that does nothing but add text to the thoughts. */
function plainThinking(line: Json): string | undefined {
  const message = plainMessage(line, "content");
  return message && (textAt(message, "thinking") || undefined);
}

/** The message of a line with nothing but one text in it; `empty` is the field of the other text. */
function plainMessage(line: Json, empty: "content" | "thinking"): JsonObject | undefined {
  if (!isJsonObject(line) || line["done"] !== false) return undefined;
  if (!Object.keys(line).every((key) => ["model", "created_at", "message", "done"].includes(key)))
    return undefined;
  const message = objectAt(line, "message");
  const isPlain = Object.keys(message).every((key) => ["role", "content", "thinking"].includes(key));
  return isPlain && textAt(message, empty) === "" ? message : undefined;
}
