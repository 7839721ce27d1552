import { resolveKey } from "../api-key.ts";
import type { ApiKey } from "../api-key.ts";
import type { CatalogModel, ModelList } from "../catalog/catalog-model.ts";
import type { Catalog } from "../catalog/catalog.ts";
import { cleanModelId } from "../catalog/model-id.ts";
import { providerNameOf } from "../catalog/shipped-lists.ts";
import { modelError } from "../model-error.ts";
import { findProvider } from "../openai-chat/providers.ts";
import type { ListClient } from "./list-client.ts";

/** How a provider tells its models. */
export type ListProtocol = "openai" | "anthropic" | "gemini" | "ollama";

/** Options of {@link getModels}. */
export interface GetModelsOptions {
  readonly provider: string;
  /** Default: by the provider's name, else `openai`, which OpenRouter, Groq, Mistral, vLLM and others speak. */
  readonly protocol?: ListProtocol;
  /** As the adapters take it, for example `http://localhost:8080/v1`. Default: the provider's own. */
  readonly baseUrl?: string;
  /** A function is asked each time. Never appears in an error. */
  readonly apiKey?: ApiKey;
  /** They win over the protocol's own. Names in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
  /** For everything together, in milliseconds. Default 30,000. */
  readonly timeoutMs?: number;
  /** Default: the one of the platform. */
  readonly fetch?: typeof fetch;
  /** Milliseconds since the epoch, for the list's source. Default: `Date.now`. */
  readonly now?: () => number;
}

interface Protocol {
  readonly headersFor: (key: string) => Readonly<Record<string, string>>;
  readonly load: () => Promise<(client: ListClient) => Promise<readonly CatalogModel[] | undefined>>;
}

const bearer = (key: string) => ({ authorization: `Bearer ${key}` });

const protocols: Readonly<Record<ListProtocol, Protocol>> = {
  openai: {
    headersFor: bearer,
    load: async () => (await import("./read-open-ai-list.ts")).readOpenAiList,
  },
  anthropic: {
    headersFor: (key) => ({ "x-api-key": key }),
    load: async () => (await import("./read-anthropic-list.ts")).readAnthropicList,
  },
  gemini: {
    headersFor: (key) => ({ "x-goog-api-key": key }),
    load: async () => (await import("./read-gemini-list.ts")).readGeminiList,
  },
  ollama: {
    headersFor: bearer,
    load: async () => (await import("./read-ollama-list.ts")).readOllamaList,
  },
};

/** Where lists are that are not beside Chat Completions. */
const homes: ReadonlyMap<string, { readonly protocol: ListProtocol; readonly baseUrl: string }> = new Map([
  ["anthropic", { protocol: "anthropic", baseUrl: "https://api.anthropic.com" }],
  ["gemini", { protocol: "gemini", baseUrl: "https://generativelanguage.googleapis.com/v1beta" }],
  ["ollama", { protocol: "ollama", baseUrl: "http://127.0.0.1:11434" }],
]);

/**
 * Asks a provider which models it has, and what it says of them. What it does not say stays unknown.
 *
 * @throws TauError of this package, or the reason of `signal`
 */
export async function getModels(options: GetModelsOptions, signal: AbortSignal): Promise<ModelList> {
  const provider = providerNameOf(options.provider);
  const identity = { provider, model: "list of models" };
  const home = homes.get(provider);
  const baseUrl = options.baseUrl ?? home?.baseUrl ?? findProvider(provider)?.baseUrl;
  if (baseUrl === undefined) {
    throw modelError("model.invalid_request", identity, {
      sentence: "has no known address for its list. Name it with baseUrl",
    });
  }
  const name = options.protocol ?? home?.protocol ?? "openai";
  const { headersFor, load } = protocols[name];
  const key = await resolveKey(options.apiKey, signal);
  const [read, { createListClient, notAList }] = await Promise.all([load(), import("./list-client.ts")]);
  const timeout = AbortSignal.timeout(options.timeoutMs ?? 30_000);
  const client = createListClient({
    identity,
    // The address for chat has a version that Ollama's own lists do not have.
    baseUrl: name === "ollama" ? baseUrl.replace(/\/v1\/*$/, "") : baseUrl,
    headers: {
      accept: "application/json",
      "user-agent": "tau",
      ...(name === "anthropic" ? { "anthropic-version": "2023-06-01" } : {}),
      ...(key === undefined ? {} : headersFor(key)),
      ...options.headers,
    },
    secrets: key === undefined ? [] : [key],
    fetch: options.fetch ?? fetch,
    signal: AbortSignal.any([signal, timeout]),
  });
  const models = await withTimeout(read(client), timeout, () => modelError("model.timeout", identity));
  if (models === undefined) throw notAList(identity, "The list is not there.");
  return { provider, source: sourceOf(baseUrl, options.now ?? Date.now), models: usable(models) };
}

/** Ids are data from outside: those that nobody could ask for are left out. */
function usable(models: readonly CatalogModel[]): readonly CatalogModel[] {
  return models.filter(({ id }) => cleanModelId(id) === id);
}

async function withTimeout<T>(work: Promise<T>, timeout: AbortSignal, toError: () => Error): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw error === timeout.reason ? toError() : error;
  }
}

/** The host and the day; the rest of an address may hold what nobody else should see. */
function sourceOf(baseUrl: string, now: () => number): string {
  return `${new URL(baseUrl).host}, ${new Date(now()).toISOString().slice(0, 10)}`;
}

/**
 * Asks a provider for its list and puts it into the catalog.
 *
 * @throws TauError of this package, or the reason of `signal`
 */
export async function refreshCatalog(
  catalog: Catalog,
  options: GetModelsOptions,
  signal: AbortSignal,
): Promise<Catalog> {
  return catalog.withList(await getModels(options, signal));
}
