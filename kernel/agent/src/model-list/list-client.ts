import { parseJson } from "@tau/core";
import type { Json } from "@tau/core";

import { modelError } from "../model-error.ts";
import type { ModelIdentity } from "../model-error.ts";
import { providerError } from "../provider-error.ts";
import { transportError } from "../transport-error.ts";

/** Bytes of one page of a list. OpenRouter's whole list has about two million. */
const maxPageBytes = 32 * 1024 * 1024;

/** Asks a provider for lists, and for what it keeps. */
export interface ListClient {
  readonly baseUrl: string;
  /** Path and query go behind the base URL. @throws TauError of this package, or the reason of the signal */
  get(path: string): Promise<Json>;
  post(path: string, body: Json): Promise<Json>;
  delete(path: string): Promise<Json>;
}

/** Options of {@link createListClient}. */
export interface ListClientOptions {
  readonly identity: ModelIdentity;
  readonly baseUrl: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Cut out of everything that is kept of an answer. */
  readonly secrets: readonly string[];
  readonly fetch: typeof fetch;
  /** Ends every request. */
  readonly signal: AbortSignal;
}

/** Makes a {@link ListClient}. Redirects are not followed: the key must not go elsewhere. */
export function createListClient(options: ListClientOptions): ListClient {
  const { baseUrl, headers } = options;
  return {
    baseUrl,
    get: async (path) => await exchange(options, path, { method: "GET", headers }),
    post: async (path, body) =>
      await exchange(options, path, {
        method: "POST",
        headers: { ...headers, "content-type": "application/json" },
        body: JSON.stringify(body),
      }),
    delete: async (path) => await exchange(options, path, { method: "DELETE", headers }),
  };
}

async function exchange(options: ListClientOptions, path: string, init: RequestInit): Promise<Json> {
  const { identity, signal, secrets } = options;
  const url = urlOf(options, path);
  const { status, headers, body } = await guarded(options, async () => {
    const response = await options.fetch(url, { ...init, redirect: "manual", signal });
    return {
      status: response.status,
      headers: Object.fromEntries(response.headers),
      body: await textOf(response, identity),
    };
  });
  if (status !== 200) throw providerError(identity, { status, headers, body, secrets, now: Date.now() });
  const parsed = parseJson(body);
  if (parsed.ok) return parsed.value;
  throw notAList(identity, parsed.reason);
}

function urlOf({ identity, baseUrl }: ListClientOptions, path: string): URL {
  const url = URL.parse(baseUrl.replace(/\/+$/, "") + path);
  if (url !== null && (url.protocol === "http:" || url.protocol === "https:")) return url;
  throw modelError("model.invalid_request", identity, {
    sentence: `cannot be asked: baseUrl ${JSON.stringify(baseUrl.slice(0, 100))} is not an http or https address`,
  });
}

async function textOf(response: Response, identity: ModelIdentity): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > maxPageBytes) throw modelError("model.too_large", identity);
  }
  return Buffer.concat(chunks).toString("utf8");
}

async function guarded<T>({ identity, signal }: ListClientOptions, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    signal.throwIfAborted();
    throw transportError(identity, error);
  }
}

/** The error for an answer that is no list of models. */
export function notAList(identity: ModelIdentity, reason: string): Error {
  return modelError("model.parse", identity, {
    class: "permanent",
    sentence: "answered with something that is not a list of models. Check the base URL",
    cause: new Error(reason),
  });
}
