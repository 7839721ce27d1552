import { isJsonObject, isTauError, parseJson } from "@tau/core";
import type { ModelEvent, TauError } from "@tau/core";

import type { AnswerDecoder } from "./answer-decoder.ts";
import type { HttpLimits, HttpTransport } from "./http/http-transport.ts";
import type { HttpResponse } from "./http/http-response.ts";
import { modelError } from "./model-error.ts";
import type { ModelIdentity } from "./model-error.ts";
import { providerError } from "./provider-error.ts";
import { headerOf } from "./retry-after.ts";
import { SseParser } from "./sse/sse-parser.ts";
import { transportError } from "./transport-error.ts";

/** Bytes of an answer that is not a stream, read to find out what it says. */
const plainAnswerBytes = 65_536;

/** Limits of one model call. */
export interface ModelLimits extends HttpLimits {
  /** Bytes of one event of the stream. Default 16 MiB. */
  readonly maxEventBytes?: number;
  /** Bytes of a whole answer. Default 128 MiB. */
  readonly maxResponseBytes?: number;
}

/** One call, ready to be sent. */
export interface WireCall {
  readonly identity: ModelIdentity;
  readonly transport: HttpTransport;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly limits: ModelLimits;
  /** Cut out of everything that is kept of an answer. */
  readonly secrets: readonly string[];
  readonly decoder: AnswerDecoder;
}

/**
 * Prepares and sends one call and yields its events, one batch per socket read.
 *
 * @throws TauError of this package, or the reason of `signal`
 */
export async function* streamAnswer(
  prepare: () => Promise<WireCall>,
  signal: AbortSignal,
): AsyncGenerator<readonly ModelEvent[], void, undefined> {
  signal.throwIfAborted();
  const call = await prepare();
  const { decoder } = call;
  const response = await open(call, signal);
  const parser = new SseParser(decoder, call.limits.maxEventBytes ?? 16 * 1024 * 1024);
  let failure: { readonly error: unknown } | undefined;
  try {
    while (decoder.finished === undefined) {
      const bytes = await readBytes(call, response, signal);
      try {
        if (bytes === undefined) decoder.end();
        else parser.push(bytes);
      } catch (error) {
        failure = { error: isTauError(error) ? error : transportError(call.identity, error) };
      }
      // What arrived before the failure was really said.
      const batch = decoder.take();
      if (batch.length > 0) yield batch;
      if (failure !== undefined) throw failure.error;
      if (bytes === undefined && decoder.finished === undefined)
        throw modelError("model.truncated", call.identity);
    }
  } finally {
    if (decoder.finished === undefined) response.cancel();
    else response.release();
  }
}

async function open(call: WireCall, signal: AbortSignal): Promise<HttpResponse> {
  const response = await post(call, signal);
  const type = headerOf(response.headers, "content-type") ?? "text/event-stream";
  if (response.status === 200 && type.toLowerCase().includes("text/event-stream")) return response;
  throw await plainAnswerError(call, response, signal);
}

async function post(call: WireCall, signal: AbortSignal): Promise<HttpResponse> {
  try {
    return await call.transport.post(
      {
        url: call.url,
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

async function readBytes(
  call: WireCall,
  response: HttpResponse,
  signal: AbortSignal,
): Promise<readonly Buffer[] | undefined> {
  try {
    return await response.read();
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
  const { identity, secrets } = call;
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
  if (status !== 200 || saysError) {
    return providerError(identity, { status, headers, body, secrets, now: Date.now() });
  }
  return modelError("model.parse", identity, {
    class: "permanent",
    sentence: "answered without a stream of events. Check that the base URL is an API of this protocol",
    details: { status, contentType: (headerOf(headers, "content-type") ?? "").slice(0, 80) },
  });
}
