import { isJsonObject, parseJson } from "@tau/core";
import type { TauError } from "@tau/core";

import { secretsOf } from "./cassette/known-secrets.ts";
import type { HttpTransport } from "./http/http-transport.ts";
import type { HttpResponse } from "./http/http-response.ts";
import { modelError } from "./model-error.ts";
import type { ModelIdentity } from "./model-error.ts";
import { providerError } from "./provider-error.ts";
import { headerOf } from "./retry-after.ts";
import type { ResponseHeaders } from "./retry-after.ts";
import { transportError } from "./transport-error.ts";
import type { ErrorAnswer, ModelLimits, WireProtocol } from "./wire-protocol.ts";

/** Bytes of an answer that is neither a stream nor JSON, read to find out what it says. */
const plainAnswerBytes = 65_536;

/** One POST to a provider, without its body: this is kept until the answer has ended, and bodies are long. */
export interface WireCall {
  readonly identity: ModelIdentity;
  readonly url: URL;
  readonly transport: HttpTransport;
  readonly headers: Readonly<Record<string, string>>;
  readonly limits: ModelLimits;
  /** Cut out of everything that is kept of an answer. */
  readonly secrets: readonly string[];
  /** Absent where the general rules suffice. */
  readonly readError?: WireProtocol["readError"];
  /** Told the headers of every answer, refusals too. */
  readonly heard?: (headers: ResponseHeaders) => void;
}

/**
 * Sends the call and waits for the head of the answer, whatever its status.
 *
 * @throws TauError of this package, or the reason of `signal`
 */
export function sendCall(
  call: WireCall,
  body: string | Uint8Array,
  signal: AbortSignal,
): Promise<HttpResponse> {
  const { identity, transport, url, headers, limits } = call;
  const { maxResponseBytes = 128 * 1024 * 1024 } = limits;
  return transport.post({ url, headers, body, limits, maxResponseBytes }, signal).then(
    (response) => {
      call.heard?.(response.headers);
      return response;
    },
    (error: unknown) => {
      signal.throwIfAborted();
      throw transportError(identity, error);
    },
  );
}

/** Says what an answer means that nobody can decode: an error, or somebody else's web page. */
export async function plainAnswerError(
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
  const saysError = parsed.ok && isJsonObject(parsed.value) && (parsed.value["error"] ?? null) !== null;
  if (status !== 200 || saysError) return answerError(call, { status, headers, body });
  return modelError("model.parse", call.identity, {
    class: "permanent",
    sentence: "answered without a stream of events. Check that the base URL is an API of this protocol",
    details: { status, contentType: (headerOf(headers, "content-type") ?? "").slice(0, 80) },
  });
}

/** The error that an answer, or an event inside a stream (status 200, no headers), tells of. */
export function answerError(call: WireCall, answer: ErrorAnswer): TauError {
  // Some providers repeat the headers that they could not verify.
  const secrets = [...call.secrets, ...secretsOf(call)];
  return providerError(call.identity, {
    ...answer,
    secrets,
    now: Date.now(),
    reading: call.readError?.(answer),
  });
}
