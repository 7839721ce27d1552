import { isJsonObject, isTauError } from "@tau/core";
import type { Json, ModelEvent, TauError } from "@tau/core";

import type { AnswerDecoder } from "./answer-decoder.ts";
import type { FrameParser } from "./framing.ts";
import type { HttpResponse } from "./http/http-response.ts";
import { modelError } from "./model-error.ts";
import { headerOf } from "./retry-after.ts";
import { transportError } from "./transport-error.ts";
import { WholeAnswer } from "./whole-answer.ts";
import { answerError, plainAnswerError, sendCall } from "./wire-call.ts";
import type { WireCall } from "./wire-call.ts";
import type { WireProtocol } from "./wire-protocol.ts";

type Step = IteratorResult<readonly ModelEvent[], undefined>;

const noEvents: readonly ModelEvent[] = [];

/** One call on the wire: pulled batch by batch, by one reader. */
export class WireExchange {
  readonly #call: WireCall;
  readonly #signal: AbortSignal;
  /** Until it is closed: the promise that waited for the exchange is older than the answer, and keeps it from the collector. */
  #parts: WireParts | undefined;
  #failure: { readonly error: unknown } | undefined;

  private constructor(call: WireCall, signal: AbortSignal, parts: WireParts) {
    this.#call = call;
    this.#signal = signal;
    this.#parts = parts;
  }

  /**
   * Sends the call and waits for the head of the answer: a stream in the protocol's framing, or one JSON text.
   *
   * @throws TauError of this package, or the reason of `signal`
   */
  static open(
    call: WireCall,
    { protocol, body }: { readonly protocol: WireProtocol; readonly body: string },
    signal: AbortSignal,
  ): Promise<WireExchange> {
    return sendCall(call, body, signal).then((response) =>
      WireExchange.#opened(call, { protocol, response }, signal),
    );
  }

  static #opened(
    call: WireCall,
    { protocol, response }: { readonly protocol: WireProtocol; readonly response: HttpResponse },
    signal: AbortSignal,
  ): WireExchange | Promise<never> {
    const { framing } = protocol;
    const type = (headerOf(response.headers, "content-type") ?? framing.contentType).toLowerCase();
    const streams = type.includes(framing.contentType);
    if (response.status !== 200 || !(streams || type.includes("json"))) {
      return plainAnswerError(call, response, signal).then((error) => Promise.reject(error));
    }
    const decoder = protocol.createDecoder(errorsOf(call));
    const parser = streams
      ? framing.createParser(decoder, call.limits.maxEventBytes ?? 16 * 1024 * 1024)
      : new WholeAnswer((answer, text) => readWhole(call, response, { decoder, answer, text }));
    return new WireExchange(call, signal, { response, decoder, parser });
  }

  /**
   * All events of the next socket read that brings any; nothing after `finished`.
   *
   * @throws TauError of this package, or the reason of `signal`
   */
  next(): Promise<Step> {
    const parts = this.#parts;
    if (parts === undefined) return Promise.resolve({ done: true, value: undefined });
    if (this.#failure !== undefined) return this.#failed(this.#failure.error);
    try {
      const read = parts.response.read();
      // Not an async function: a stream spends its life here, and would hold it.
      return read instanceof Promise ? read.then(this.#came, this.#broke) : this.#came(read);
    } catch (error) {
      return this.#failed(error);
    }
  }

  // Made once: an answer comes in many pieces.
  readonly #came = (bytes: readonly Buffer[] | undefined): Promise<Step> => {
    const parts = this.#parts;
    const batch = parts === undefined ? noEvents : this.#batchOf(parts, bytes);
    return batch.length > 0 ? Promise.resolve({ done: false, value: batch }) : this.#further();
  };

  readonly #broke = (error: unknown): Promise<never> => this.#failed(error);

  /** Goes on behind what brought no event, such as a ping: however often that comes, it takes no more memory. */
  async #further(): Promise<Step> {
    try {
      for (let parts = this.#parts; parts !== undefined; parts = this.#parts) {
        if (this.#failure !== undefined) throw this.#failure.error;
        const read = parts.response.read();
        const batch = this.#batchOf(parts, read instanceof Promise ? await read : read);
        if (batch.length > 0) return { done: false, value: batch };
      }
      return { done: true, value: undefined };
    } catch (error) {
      return await this.#failed(error);
    }
  }

  #failed(error: unknown): Promise<never> {
    this.close();
    if (this.#signal.aborted) return Promise.reject(this.#signal.reason);
    return Promise.reject(isTauError(error) ? error : transportError(this.#call.identity, error));
  }

  /** Gives the connection back after a whole answer, and closes it after anything else. */
  close(): void {
    if (this.#parts === undefined) return;
    const { response, decoder } = this.#parts;
    this.#parts = undefined;
    if (decoder.finished === undefined) response.cancel();
    else response.release();
  }

  #batchOf(parts: WireParts, bytes: readonly Buffer[] | undefined): readonly ModelEvent[] {
    const { decoder } = parts;
    this.#parse(parts, bytes);
    const batch = decoder.take();
    if (decoder.finished !== undefined) this.close();
    return batch;
  }

  #parse(parts: WireParts, bytes: readonly Buffer[] | undefined): void {
    try {
      if (bytes === undefined) this.#end(parts);
      else parts.parser.push(bytes);
    } catch (error) {
      // What arrived before the failure was really said: it goes out first.
      this.#failure = { error };
    }
  }

  #end({ parser, decoder }: WireParts): void {
    parser.end?.();
    decoder.end();
    if (decoder.finished === undefined) throw modelError("model.truncated", this.#call.identity);
  }
}

/** What reads one answer. */
interface WireParts {
  readonly response: HttpResponse;
  readonly decoder: AnswerDecoder;
  readonly parser: FrameParser;
}

/** By itself, so that it holds nothing but the call. */
function errorsOf(call: WireCall): (body: string) => TauError {
  return (body) => answerError(call, { status: 200, headers: {}, body });
}

/** Some servers send their errors with status 200; their answers may have an `error` that is null. */
function readWhole(
  call: WireCall,
  { headers }: HttpResponse,
  whole: { readonly decoder: AnswerDecoder; readonly answer: Json; readonly text: string },
): void {
  const { decoder, answer, text } = whole;
  if (isJsonObject(answer) && (answer["error"] ?? null) !== null) {
    throw answerError(call, { status: 200, headers, body: text });
  }
  decoder.readAnswer(answer);
}
