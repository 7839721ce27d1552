import { isJsonObject, parseJson } from "@tau/core";
import type { JsonObject } from "@tau/core";

import { resolveKey } from "./api-key.ts";
import type { ApiKey } from "./api-key.ts";
import type { HttpResponse } from "./http/http-response.ts";
import { sharedHttpTransport } from "./http/http-transport.ts";
import type { HttpTransport } from "./http/http-transport.ts";
import { modelError } from "./model-error.ts";
import type { ModelIdentity } from "./model-error.ts";
import { transportError } from "./transport-error.ts";
import { wellFormedJson } from "./well-formed-json.ts";
import { plainAnswerError, sendCall } from "./wire-call.ts";
import type { ModelLimits } from "./wire-protocol.ts";

/** What every call to one endpoint shares. */
export interface WholeEndpoint {
  readonly identity: ModelIdentity;
  readonly url: URL;
  readonly apiKey: ApiKey | undefined;
  /** How the key goes out. */
  readonly headersFor: (key: string | undefined) => Readonly<Record<string, string>>;
  /** They win over the adapter's own. */
  readonly headers: Readonly<Record<string, string>> | undefined;
  readonly limits: ModelLimits;
  readonly transport: HttpTransport | undefined;
}

/** The body of one request. */
export interface WholeBody {
  readonly contentType: string;
  readonly accept: string;
  readonly body: string | Uint8Array;
}

/**
 * Sends one request and waits for the head of an answer that says 200.
 *
 * @throws TauError of this package, or the reason of `signal`
 */
export async function openWhole(
  endpoint: WholeEndpoint,
  { contentType, accept, body }: WholeBody,
  signal: AbortSignal,
): Promise<HttpResponse> {
  signal.throwIfAborted();
  const key = await resolveKey(endpoint.apiKey, signal);
  const call = {
    identity: endpoint.identity,
    url: endpoint.url,
    transport: endpoint.transport ?? sharedHttpTransport(),
    headers: {
      "content-type": contentType,
      accept,
      "user-agent": "tau",
      ...endpoint.headersFor(key),
      ...endpoint.headers,
    },
    limits: endpoint.limits,
    secrets: key === undefined ? [] : [key],
  };
  const response = await sendCall(call, body, signal);
  if (response.status !== 200) throw await plainAnswerError(call, response, signal);
  return response;
}

/**
 * Sends JSON and reads a JSON object.
 *
 * @throws TauError of this package, or the reason of `signal`
 */
export async function exchangeJson(
  endpoint: WholeEndpoint,
  body: JsonObject,
  signal: AbortSignal,
): Promise<JsonObject> {
  return await exchangeForJson(
    endpoint,
    {
      contentType: "application/json",
      accept: "application/json",
      body: wellFormedJson(JSON.stringify(body)),
    },
    signal,
  );
}

/**
 * Sends any body and reads a JSON object.
 *
 * @throws TauError of this package, or the reason of `signal`
 */
export async function exchangeForJson(
  endpoint: WholeEndpoint,
  body: WholeBody,
  signal: AbortSignal,
): Promise<JsonObject> {
  const { identity, limits } = endpoint;
  const response = await openWhole(endpoint, body, signal);
  const text = await guarded(identity, signal, () =>
    response.text(limits.maxResponseBytes ?? 128 * 1024 * 1024),
  );
  const parsed = parseJson(text);
  if (parsed.ok && isJsonObject(parsed.value)) return parsed.value;
  throw modelError("model.parse", identity, {
    class: "permanent",
    sentence:
      "answered with something that is not a JSON object. Check that the base URL is an API of this protocol",
    cause: new Error(parsed.ok ? "The answer is not an object." : parsed.reason),
  });
}

/** Yields the bytes of an answer as they arrive; returning early closes the socket. */
export async function* readBytes(
  identity: ModelIdentity,
  response: HttpResponse,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  let ended = false;
  try {
    for (;;) {
      const chunks = await guarded(identity, signal, () => response.read());
      if (chunks === undefined) break;
      yield* chunks;
    }
    ended = true;
  } finally {
    if (ended) response.release();
    else response.cancel();
  }
}

async function guarded<Value>(
  identity: ModelIdentity,
  signal: AbortSignal,
  act: () => Promise<Value> | Value,
): Promise<Value> {
  try {
    return await act();
  } catch (error) {
    signal.throwIfAborted();
    throw transportError(identity, error);
  }
}
