import { once } from "node:events";

import type { HttpResponse } from "../http/http-response.ts";
import { readText } from "../http/http-response.ts";
import type { HttpRequest } from "../http/http-transport.ts";
import { cassetteError } from "./cassette-error.ts";
import { toChunk } from "./entry.ts";
import type { HttpEntry, RecordedEnd } from "./entry.ts";
import { RecordedFailureError } from "./failure.ts";

/** An answer off a cassette: each read brings what it brought when it was recorded. */
export class ReplayedResponse implements HttpResponse {
  readonly status: number;
  readonly headers: HttpResponse["headers"];
  readonly #reads: readonly (readonly Buffer[])[];
  readonly #end: RecordedEnd;
  readonly #request: Pick<HttpRequest, "limits" | "maxResponseBytes">;
  readonly #signal: AbortSignal;
  #next = 0;
  #bytes = 0;
  #cancelled = false;

  constructor(
    entry: Pick<HttpEntry, "end"> & { readonly response: NonNullable<HttpEntry["response"]> },
    request: Pick<HttpRequest, "limits" | "maxResponseBytes">,
    signal: AbortSignal,
  ) {
    this.status = entry.response.status;
    this.headers = entry.response.headers;
    this.#reads = entry.response.reads.map((read) => read.map(toChunk));
    this.#end = entry.end;
    this.#request = request;
    this.#signal = signal;
  }

  async read(): Promise<readonly Buffer[] | undefined> {
    this.#signal.throwIfAborted();
    if (this.#cancelled) throw new Error("The response was cancelled.");
    const chunks = this.#reads[this.#next++];
    if (chunks === undefined) {
      await replayEnd(this.#end, this.#request.limits.idleMs ?? 300_000, this.#signal);
      return undefined;
    }
    for (const { length } of chunks) this.#bytes += length;
    if (this.#bytes <= this.#request.maxResponseBytes) return chunks;
    throw new RecordedFailureError({
      name: "Error",
      message: "The answer is too large.",
      code: "RESPONSE_TOO_LARGE",
    });
  }

  async text(limitBytes: number): Promise<string> {
    return await readText(this, limitBytes);
  }

  release(): void {}

  cancel(): void {
    this.#cancelled = true;
  }
}

/**
 * Ends as the recording did; returns for a whole answer. One whose reader gave up waiting says nothing more:
 * it is waited for as long as a provider would be, and then fails in the same way.
 *
 * @throws the recorded failure, TauError `cassette.incomplete`, or the reason of `signal`
 */
export async function replayEnd(end: RecordedEnd, limitMs: number, signal: AbortSignal): Promise<void> {
  if (end === "complete") return;
  if (end === "left") {
    throw cassetteError(
      "cassette.incomplete",
      "The recording ends here, because whoever read the answer then wanted no more of it. Record it again.",
    );
  }
  if (end !== "aborted") throw new RecordedFailureError(end.failed);
  const limit = limitMs === 0 ? signal : AbortSignal.any([signal, AbortSignal.timeout(limitMs)]);
  if (!limit.aborted) await once(limit, "abort");
  signal.throwIfAborted();
  throw new RecordedFailureError({
    name: "Error",
    message: "Nothing more came.",
    code: "UND_ERR_BODY_TIMEOUT",
  });
}
