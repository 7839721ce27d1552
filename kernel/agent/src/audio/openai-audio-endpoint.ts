import type { ApiKey } from "../api-key.ts";
import { endpointOf } from "../endpoint.ts";
import type { HttpTransport } from "../http/http-transport.ts";
import type { WholeEndpoint } from "../whole-exchange.ts";
import type { ModelLimits } from "../wire-protocol.ts";

/** Options of both adapters for OpenAI's audio endpoints. */
export interface OpenAiAudioOptions {
  /** A function is asked at every call. Never appears in an error. */
  readonly apiKey?: ApiKey;
  readonly model: string;
  /** With the version, without the path: `http://localhost:8000/v1`. Default OpenAI's. */
  readonly baseUrl?: string;
  /** The name in errors and costs. Default `openai`. */
  readonly provider?: string;
  /** Sent with every request; they win over the adapter's own. Names in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly timeouts?: ModelLimits;
  /** Default: one for the whole process, so that adapters share their connections. */
  readonly transport?: HttpTransport;
}

/**
 * Where one of the audio endpoints is.
 *
 * @throws TauError `model.invalid_request` when the base URL is not an address
 */
export function audioEndpoint(options: OpenAiAudioOptions, path: string): WholeEndpoint {
  return {
    identity: { provider: options.provider ?? "openai", model: options.model },
    url: endpointOf(options.baseUrl ?? "https://api.openai.com/v1", path),
    apiKey: options.apiKey,
    headersFor: (key) => (key === undefined ? {} : { authorization: `Bearer ${key}` }),
    headers: options.headers,
    limits: options.timeouts ?? {},
    transport: options.transport,
  };
}
