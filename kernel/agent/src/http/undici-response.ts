import { offAbort, onAbort } from "@tau/core";
import type { Dispatcher } from "undici";

import { headerOf } from "../retry-after.ts";
import type { ResponseHeaders } from "../retry-after.ts";
import type { HttpResponse } from "./http-response.ts";
import { readText } from "./http-response.ts";

/** Bytes that wait for the reader before the socket is paused. */
const highWaterBytes = 65_536;

/** How much and how long a finished answer may go on so that its connection can be used again. */
const drainBytes = 65_536;
const drainMs = 1000;

type Chunks = readonly Buffer[] | undefined;

const aMoment = Promise.resolve();
const nothing = (): void => undefined;

/** Thrown by {@link UndiciResponse.read} when the answer is larger than the request allowed. */
class ResponseTooLargeError extends Error {
  readonly code = "RESPONSE_TOO_LARGE";
}

/**
 * An answer that undici brings, and undici's handler itself: one of its own would cost each call six objects. It is older
 * than its chunks by the whole wait, and the collector takes long to find out what old objects no longer need: so the list
 * of them is made when they come.
 */
export class UndiciResponse implements HttpResponse, Dispatcher.DispatchHandler {
  status = 0;
  headers: ResponseHeaders = {};
  #controller: Dispatcher.DispatchController | undefined;
  #chunks: Buffer[] | undefined;
  #bufferedBytes = 0;
  readonly #maxBytes: number;
  #bytesLeft: number;
  #ended = false;
  #discarding = false;
  #failure: { readonly error: unknown } | undefined;
  /** Tells that the headers are there, or that there will be none. */
  #begin: (() => void) | undefined;
  /** Answers who waits for chunks. */
  #reader: ((read: Chunks | Promise<never>) => void) | undefined;
  #drainTimer: NodeJS.Timeout | undefined;
  readonly #signal: AbortSignal;
  readonly #whole: () => void;

  /** `whole` is called when the answer has ended as it should, and its connection is about to be free. */
  constructor(maxBytes: number, signal: AbortSignal, whole: () => void) {
    this.#maxBytes = maxBytes;
    this.#bytesLeft = maxBytes;
    this.#signal = signal;
    this.#whole = whole;
    onAbort(signal, this);
  }

  /**
   * Resolves with this response when the headers are there; rejects when there will be none. To be called once, before
   * {@link send}: a promise that was kept would be there as long as the answer.
   */
  started(): Promise<HttpResponse> {
    return new Promise((resolve, reject) => {
      this.#begin = () =>
        this.#failure === undefined ? resolve(this.#readable()) : reject(this.#failure.error);
    });
  }

  /** Sends the request, unless the call was aborted meanwhile. */
  send(pool: Pick<Dispatcher, "dispatch">, options: Dispatcher.DispatchOptions): void {
    if (this.#failure !== undefined) return;
    try {
      pool.dispatch(options, this);
    } catch (error) {
      this.#fail(error);
    }
  }

  read(): Promise<Chunks> | Chunks {
    if (this.#nothingYet() && this.#controller?.paused === true) this.#controller.resume();
    return this.#nothingYet() ? this.#readLater() : this.#take();
  }

  async text(limitBytes: number): Promise<string> {
    return await readText(this, limitBytes);
  }

  /** Lets a short rest of the answer pass. */
  release(): void {
    offAbort(this.#signal, this);
    if (this.#ended || this.#failure !== undefined) return;
    this.#discarding = true;
    this.#chunks = undefined;
    this.#bytesLeft = Math.min(this.#bytesLeft, drainBytes);
    this.#drainTimer = setTimeout(() => this.cancel(), drainMs).unref();
    if (this.#controller?.paused === true) this.#controller.resume();
  }

  cancel(): void {
    this.#fail(new Error("The response was cancelled."));
  }

  /** For the signal. */
  aborted(): void {
    this.#fail(this.#signal.reason);
  }

  /** For undici. */
  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#failure !== undefined) controller.abort(new Error("The request was cancelled."));
  }

  /** For undici. */
  onResponseStart(controller: Dispatcher.DispatchController, status: number, headers: ResponseHeaders): void {
    if (status < 200) return;
    this.status = status;
    // Nobody reads them, and undici would keep them, a kilobyte, for as long as the answer lasts.
    controller.rawHeaders = null;
    this.headers = headers;
    this.#notify();
  }

  /** For undici. */
  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#bytesLeft -= chunk.length;
    if (this.#bytesLeft < 0) {
      this.#fail(new ResponseTooLargeError("The answer is larger than the limit."));
      return;
    }
    if (this.#discarding) return;
    if (this.#chunks === undefined) this.#chunks = [chunk];
    else this.#chunks.push(chunk);
    this.#bufferedBytes += chunk.length;
    if (this.#bufferedBytes >= highWaterBytes) this.#controller?.pause();
    this.#notify();
  }

  /** For undici. */
  onResponseEnd(): void {
    this.#ended = true;
    this.#whole();
    this.#close();
  }

  /** For undici. */
  onResponseError(_: Dispatcher.DispatchController, error: unknown): void {
    this.#fail(error);
  }

  /** Hardly any answer comes compressed: those that do load what reads them. */
  #readable(): HttpResponse | Promise<HttpResponse> {
    const encoding = headerOf(this.headers, "content-encoding");
    if (encoding === undefined) return this;
    return import("./decoded-response.ts").then(({ decodeResponse }) =>
      decodeResponse(this, { encoding, maxBytes: this.#maxBytes }),
    );
  }

  #nothingYet(): boolean {
    return this.#chunks === undefined && this.#failure === undefined && !this.#ended;
  }

  /** What was there to be read is taken a moment after the first chunk came: one socket read often brings several. */
  #readLater(): Promise<Chunks> {
    return new Promise((resolve) => {
      this.#reader = resolve;
    });
  }

  #take(): Chunks {
    const chunks = this.#chunks;
    if (this.#failure !== undefined && (chunks === undefined || this.#signal.aborted)) {
      throw this.#failure.error;
    }
    this.#chunks = undefined;
    this.#bufferedBytes = 0;
    return chunks;
  }

  #fail(error: unknown): void {
    if (this.#ended || this.#failure !== undefined) return;
    this.#failure = { error };
    this.#controller?.abort(error instanceof Error ? error : new Error("aborted"));
    this.#close();
  }

  #close(): void {
    offAbort(this.#signal, this);
    clearTimeout(this.#drainTimer);
    this.#notify();
  }

  #notify(): void {
    const [begin, reader] = [this.#begin, this.#reader];
    this.#begin = undefined;
    this.#reader = undefined;
    begin?.();
    if (reader !== undefined) aMoment.then(() => this.#answer(reader), nothing);
  }

  #answer(reader: (read: Chunks | Promise<never>) => void): void {
    try {
      reader(this.#take());
    } catch (error) {
      reader(Promise.reject(error));
    }
  }
}
