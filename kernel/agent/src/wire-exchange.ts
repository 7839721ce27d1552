import { isJsonObject, isTauError, parseJson } from "@tau/core";
import type { ModelEvent, TauError } from "@tau/core";

import type { AnswerDecoder } from "./answer-decoder.ts";
import type { HttpTransport } from "./http/http-transport.ts";
import type { HttpResponse } from "./http/http-response.ts";
import { modelError } from "./model-error.ts";
import type { ModelIdentity } from "./model-error.ts";
import { providerError } from "./provider-error.ts";
import { headerOf } from "./retry-after.ts";
import { SseParser } from "./sse/sse-parser.ts";
import { transportError } from "./transport-error.ts";
import type { ModelLimits, WireProtocol } from "./wire-protocol.ts";

/** Bytes of an answer that is not a stream, read to find out what it says. */
const plainAnswerBytes = 65_536;

/** One call, ready to be sent. */
export interface WireCall {
  readonly identity: ModelIdentity;
  readonly protocol: WireProtocol;
  readonly transport: HttpTransport;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly limits: ModelLimits;
  /** Cut out of everything that is kept of an answer. */
  readonly secrets: readonly string[];
}

/** One call on the wire: pulled batch by batch, then closed. */
export class WireExchange {
  readonly #call: WireCall;
  readonly #signal: AbortSignal;
  readonly #response: HttpResponse;
  readonly #decoder: AnswerDecoder;
  readonly #parser: SseParser;
  #failure: { readonly error: unknown } | undefined;

  private constructor(call: WireCall, response: HttpResponse, signal: AbortSignal) {
    this.#call = call;
    this.#signal = signal;
    this.#response = response;
    this.#decoder = call.protocol.createDecoder((body) => errorOf(call, { status: 200, headers: {}, body }));
    this.#parser = new SseParser(this.#decoder, call.limits.maxEventBytes ?? 16 * 1024 * 1024);
  }

  /**
   * Sends the call and waits for the head of the answer.
   *
   * @throws TauError of this package, or the reason of `signal`
   */
  static async open(call: WireCall, signal: AbortSignal): Promise<WireExchange> {
    const response = await post(call, signal);
    const type = headerOf(response.headers, "content-type") ?? "text/event-stream";
    if (response.status === 200 && type.toLowerCase().includes("text/event-stream")) {
      return new WireExchange(call, response, signal);
    }
    throw await plainAnswerError(call, response, signal);
  }

  /**
   * All events of the next socket read that brings any; nothing after `finished`.
   *
   * @throws TauError of this package, or the reason of `signal`
   */
  async next(): Promise<readonly ModelEvent[] | undefined> {
    for (;;) {
      if (this.#failure !== undefined) throw this.#failure.error;
      if (this.#decoder.finished !== undefined) return undefined;
      const bytes = await this.#read();
      try {
        if (bytes === undefined) this.#end();
        else this.#parser.push(bytes);
      } catch (error) {
        // What arrived before the failure was really said: it goes out first.
        this.#failure = { error: isTauError(error) ? error : transportError(this.#call.identity, error) };
      }
      const batch = this.#decoder.take();
      if (batch.length > 0) return batch;
    }
  }

  /** Gives the connection back after a whole answer, and closes it after anything else. */
  close(): void {
    if (this.#decoder.finished === undefined) this.#response.cancel();
    else this.#response.release();
  }

  #end(): void {
    this.#decoder.end();
    if (this.#decoder.finished === undefined) throw modelError("model.truncated", this.#call.identity);
  }

  async #read(): Promise<readonly Buffer[] | undefined> {
    try {
      return await this.#response.read();
    } catch (error) {
      this.#signal.throwIfAborted();
      throw transportError(this.#call.identity, error);
    }
  }
}

async function post(call: WireCall, signal: AbortSignal): Promise<HttpResponse> {
  try {
    return await call.transport.post(
      {
        url: call.protocol.url,
        headers: call.headers,
        body: call.body,
        limits: call.limits,
        maxResponseBytes: call.limits.maxResponseBytes ?? 128 * 1024 * 1024,
      },
      signal,
    );
  } catch (error) {
    signal.throwIfAborted();
    throw transportError(call.identity, error);
  }
}

/** Says what an answer means that is not a stream of events: an error, or somebody else's web page. */
async function plainAnswerError(
  call: WireCall,
  response: HttpResponse,
  signal: AbortSignal,
): Promise<TauError> {
  let body = "";
  try {
    body = await response.text(plainAnswerBytes);
  } catch {
    // The status alone has to do.
    signal.throwIfAborted();
  }
  const { status, headers } = response;
  const parsed = parseJson(body);
  const saysError = parsed.ok && isJsonObject(parsed.value) && parsed.value["error"] !== undefined;
  if (status !== 200 || saysError) return errorOf(call, { status, headers, body });
  return modelError("model.parse", call.identity, {
    class: "permanent",
    sentence: "answered without a stream of events. Check that the base URL is an API of this protocol",
    details: { status, contentType: (headerOf(headers, "content-type") ?? "").slice(0, 80) },
  });
}

function errorOf(
  call: WireCall,
  answer: { readonly status: number; readonly headers: HttpResponse["headers"]; readonly body: string },
): TauError {
  return providerError(call.identity, { ...answer, secrets: call.secrets, now: Date.now() });
}
