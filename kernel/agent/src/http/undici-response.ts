import type { Dispatcher } from "undici";

import type { ResponseHeaders } from "../retry-after.ts";
import type { HttpResponse } from "./http-response.ts";
import { readText } from "./http-response.ts";

/** Bytes that wait for the reader before the socket is paused. */
const highWaterBytes = 65_536;

/** How much and how long a finished answer may go on so that its connection can be used again. */
const drainBytes = 65_536;
const drainMs = 1000;

/** Thrown by {@link UndiciResponse.read} when the answer is larger than the request allowed. */
class ResponseTooLargeError extends Error {
  readonly code = "RESPONSE_TOO_LARGE";
}

/** An answer that undici brings. */
export class UndiciResponse implements HttpResponse {
  status = 0;
  headers: ResponseHeaders = {};
  /** Resolves with the headers; rejects when there will be none. */
  readonly started: Promise<void>;
  readonly handler: Dispatcher.DispatchHandler;

  #controller: Dispatcher.DispatchController | undefined;
  #chunks: Buffer[] = [];
  #bufferedBytes = 0;
  #bytesLeft: number;
  #ended = false;
  #discarding = false;
  #failure: { readonly error: unknown } | undefined;
  #wake: (() => void) | undefined;
  #drainTimer: NodeJS.Timeout | undefined;
  readonly #signal: AbortSignal;
  readonly #onAbort = (): void => this.#fail(this.#signal.reason);

  constructor(maxBytes: number, signal: AbortSignal) {
    this.#bytesLeft = maxBytes;
    this.#signal = signal;
    signal.addEventListener("abort", this.#onAbort, { once: true });
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.started = promise;
    this.#wake = () => (this.#failure === undefined ? resolve() : reject(this.#failure.error));
    this.handler = {
      onRequestStart: (controller) => this.#start(controller),
      onResponseStart: (_controller, status, headers) => this.#head(status, headers),
      onResponseData: (_controller, chunk) => this.#data(chunk),
      onResponseEnd: () => this.#end(),
      onResponseError: (_controller, error) => this.#fail(error),
    };
  }

  async read(): Promise<readonly Buffer[] | undefined> {
    if (this.#chunks.length === 0 && this.#failure === undefined && !this.#ended) {
      if (this.#controller?.paused === true) this.#controller.resume();
      if (this.#nothingYet()) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    }
    if (this.#failure !== undefined && (this.#chunks.length === 0 || this.#signal.aborted)) {
      throw this.#failure.error;
    }
    if (this.#chunks.length === 0) return undefined;
    const chunks = this.#chunks;
    this.#chunks = [];
    this.#bufferedBytes = 0;
    return chunks;
  }

  async text(limitBytes: number): Promise<string> {
    return await readText(this, limitBytes);
  }

  /** Lets a short rest of the answer pass. */
  release(): void {
    this.#signal.removeEventListener("abort", this.#onAbort);
    if (this.#ended || this.#failure !== undefined) return;
    this.#discarding = true;
    this.#chunks = [];
    this.#bytesLeft = Math.min(this.#bytesLeft, drainBytes);
    this.#drainTimer = setTimeout(() => this.cancel(), drainMs).unref();
    if (this.#controller?.paused === true) this.#controller.resume();
  }

  cancel(): void {
    this.#fail(new Error("The response was cancelled."));
  }

  #nothingYet(): boolean {
    return this.#chunks.length === 0 && this.#failure === undefined && !this.#ended;
  }

  #start(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#failure !== undefined) controller.abort(new Error("The request was cancelled."));
  }

  #head(status: number, headers: ResponseHeaders): void {
    if (status < 200) return;
    this.status = status;
    this.headers = headers;
    this.#notify();
  }

  #data(chunk: Buffer): void {
    this.#bytesLeft -= chunk.length;
    if (this.#bytesLeft < 0) {
      this.#fail(new ResponseTooLargeError("The answer is larger than the limit."));
      return;
    }
    if (this.#discarding) return;
    this.#chunks.push(chunk);
    this.#bufferedBytes += chunk.length;
    if (this.#bufferedBytes >= highWaterBytes) this.#controller?.pause();
    if (this.#wake !== undefined) this.#notify();
  }

  #end(): void {
    this.#ended = true;
    this.#close();
  }

  #fail(error: unknown): void {
    if (this.#ended || this.#failure !== undefined) return;
    this.#failure = { error };
    this.#controller?.abort(error instanceof Error ? error : new Error("aborted"));
    this.#close();
  }

  #close(): void {
    this.#signal.removeEventListener("abort", this.#onAbort);
    clearTimeout(this.#drainTimer);
    this.#notify();
  }

  #notify(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}
