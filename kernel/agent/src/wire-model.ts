import type { CallContext, Price } from "@tau/core";

import type { AnswerDecoder } from "./answer-decoder.ts";
import { resolveKey } from "./endpoint.ts";
import type { ApiKey } from "./endpoint.ts";
import { sharedHttpTransport } from "./http/http-transport.ts";
import type { HttpTransport } from "./http/http-transport.ts";
import type { Model, ModelRequest } from "./model.ts";
import type { ModelIdentity } from "./model-error.ts";
import { providerError } from "./provider-error.ts";
import { streamAnswer } from "./stream-answer.ts";
import type { ModelLimits } from "./stream-answer.ts";

/** Options that every adapter for a wire protocol has. */
export interface WireModelOptions {
  /** A function is asked at every call. Never appears in an error. */
  readonly apiKey?: ApiKey;
  readonly model: string;
  readonly price?: Price;
  /** Tokens the model can read. */
  readonly contextWindow?: number;
  /** Sent with every request; they win over the adapter's own. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly timeouts?: ModelLimits;
  /** Default: one for the whole process, so that adapters share their connections. */
  readonly transport?: HttpTransport;
}

/** What differs between wire protocols. */
export interface WireProtocol {
  readonly url: URL;
  readonly headersFor: (key: string | undefined) => Readonly<Record<string, string>>;
  readonly writeBody: (request: ModelRequest) => string;
  /** `toError` makes the error of an error event inside the stream. */
  readonly createDecoder: (toError: (body: string) => Error) => AnswerDecoder;
}

/** Makes a {@link Model} out of a protocol. */
export function createWireModel(
  identity: ModelIdentity,
  options: WireModelOptions,
  protocol: WireProtocol,
): Model {
  const { url } = protocol;

  return {
    provider: identity.provider,
    id: identity.model,
    ...(options.price === undefined ? {} : { price: options.price }),
    ...(options.contextWindow === undefined ? {} : { contextWindow: options.contextWindow }),

    stream(request: ModelRequest, context: CallContext) {
      return streamAnswer(async () => {
        const key = await resolveKey(options.apiKey);
        const secrets = key === undefined ? [] : [key];
        return {
          identity,
          transport: options.transport ?? sharedHttpTransport(),
          url,
          headers: {
            "content-type": "application/json",
            accept: "text/event-stream",
            "user-agent": "tau",
            ...protocol.headersFor(key),
            ...options.headers,
          },
          body: protocol.writeBody(request),
          limits: options.timeouts ?? {},
          secrets,
          decoder: protocol.createDecoder((body) =>
            providerError(identity, { status: 200, headers: {}, body, secrets, now: Date.now() }),
          ),
        };
      }, context.signal);
    },
  };
}
