import type { HttpResponse } from "../http/http-response.ts";
import { readText } from "../http/http-response.ts";
import type { RecordedEnd } from "./entry.ts";
import { toFailure } from "./failure.ts";

/** How long the rest of an answer is waited for once its reader has all that it needs. */
const drainMs = 1000;

/** What one answer turned out to be. */
export interface AnswerRecord {
  readonly reads: readonly (readonly Buffer[])[];
  readonly end: RecordedEnd;
}

/** An answer that is written down while it is read. */
export class RecordedResponse implements HttpResponse {
  readonly status: number;
  readonly headers: HttpResponse["headers"];
  /** Resolves once it is known how the answer ended. */
  readonly record: Promise<AnswerRecord>;
  readonly #inner: HttpResponse;
  readonly #signal: AbortSignal;
  readonly #reads: (readonly Buffer[])[] = [];
  readonly #finish: (end: RecordedEnd) => void;
  #released = false;

  constructor(inner: HttpResponse, signal: AbortSignal) {
    this.status = inner.status;
    this.headers = inner.headers;
    this.#inner = inner;
    this.#signal = signal;
    const { promise, resolve } = Promise.withResolvers<AnswerRecord>();
    this.record = promise;
    this.#finish = (end) => resolve({ reads: this.#reads, end });
  }

  async read(): Promise<readonly Buffer[] | undefined> {
    try {
      const chunks = await this.#inner.read();
      if (chunks === undefined) this.#finish("complete");
      else this.#reads.push(chunks);
      return chunks;
    } catch (error) {
      this.#finish(this.#signal.aborted ? "aborted" : { failed: toFailure(error) });
      throw error;
    }
  }

  async text(limitBytes: number): Promise<string> {
    return await readText(this, limitBytes);
  }

  release(): void {
    if (this.#released) return;
    this.#released = true;
    this.#drain().catch((error: unknown) => this.#finish({ failed: toFailure(error) }));
  }

  cancel(): void {
    this.#finish("left");
    this.#inner.cancel();
  }

  /** Nobody will read on, nor say so. */
  abandon(): void {
    if (!this.#released) this.cancel();
  }

  /** The reader has its end marker; what follows belongs to the answer, too, if it comes soon. */
  async #drain(): Promise<void> {
    const timer = setTimeout(() => this.#inner.cancel(), drainMs);
    try {
      for (let chunks = await this.#inner.read(); chunks !== undefined; chunks = await this.#inner.read()) {
        this.#reads.push(chunks);
      }
    } catch {
      // Whatever broke behind the end marker changed nothing for the reader.
    } finally {
      clearTimeout(timer);
      this.#finish("complete");
      this.#inner.release();
    }
  }
}
