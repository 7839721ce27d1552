import type { Catalog, CatalogEntry, Model } from "@tau/agent";
import { TauError } from "@tau/core";

import { firstOllamaModel, ollamaUrl } from "./ollama.ts";
import { optional } from "./optional.ts";
import { providers } from "./providers.ts";
import type { Provider } from "./providers.ts";
import { resolveSecret } from "./resolve-secret.ts";
import type { ModelSettings } from "./settings.ts";
import type { Terminal } from "./terminal.ts";
import { usualApi } from "./usual-api.ts";

/** Providers whose keys are looked for when nobody named one, in this order, and what they are asked for. */
const defaultModels: ReadonlyMap<string, string> = new Map([
  ["anthropic", "claude-sonnet-4-5"],
  ["openai", "gpt-5.2"],
  ["openrouter", "openrouter/auto"],
  ["gemini", "gemini-3.5-flash"],
]);

/** A model and how it came to be chosen. */
export interface FoundModel {
  readonly model: Model;
  /** For people: what decided. */
  readonly because: string;
  /** The wire protocol's name, for example `openai-chat`. */
  readonly protocol: string;
  /** What the catalog knows of it. */
  readonly known?: CatalogEntry;
}

/** Where a model may come from, beside the settings. */
export interface ModelPlace {
  readonly terminal: Terminal;
  readonly catalog: Catalog;
}

/**
 * Finds the model: flags, then tau.toml (both are in the settings), then keys in the environment, then an
 * Ollama on this machine.
 *
 * @throws TauError `provider.not_found`, `config.secret_missing`
 */
export async function findModel(
  settings: ModelSettings,
  { terminal, catalog }: ModelPlace,
): Promise<FoundModel> {
  const { provider, because, ollamaModel } = await chooseProvider(settings, terminal);
  const id = settings.id ?? ollamaModel ?? provider.defaultModel ?? defaultModels.get(provider.name);
  if (id === undefined) {
    const hint = provider.name === "ollama" ? " Or start Ollama and pull one." : "";
    throw new TauError(
      "provider.not_found",
      `The provider "${provider.name}" has no default model: name one with --model.${hint}`,
    );
  }
  const { price, contextWindow } = settings;
  const known = await catalog.find(provider.name, id);
  const { baseUrl } = provider;
  if (baseUrl === undefined && provider.findsItself !== true) {
    throw new TauError(
      "provider.not_found",
      `The provider "${provider.name}" needs an address: name it with --base-url, or as base_url in tau.toml.`,
    );
  }
  const api = settings.api ?? usualApi({ provider: provider.name, baseUrl, id });
  const create = creatorOf(provider, api);
  const model = create({
    model: id,
    environment: terminal.env,
    ...optional("baseUrl", baseUrl),
    ...optional("apiKey", await keyOf(provider, settings, terminal)),
    ...optional("capabilities", known?.capabilities),
    ...optional("price", price),
    ...optional("contextWindow", contextWindow),
  });
  const protocol = api === "responses" ? "openai-responses" : provider.protocol;
  return { because, protocol, model, ...optional("known", known) };
}

function creatorOf(provider: Provider, api: ModelSettings["api"]): Provider["create"] {
  if (api !== "responses") return provider.create;
  if (provider.createResponses !== undefined) return provider.createResponses;
  throw new TauError(
    "provider.not_found",
    `The provider "${provider.name}" is not known to speak Responses. Leave --api, or api in tau.toml, out.`,
  );
}

/** A provider that can be asked: where it answers, and the key for it. */
export interface FoundProvider {
  readonly provider: Provider;
  readonly baseUrl?: string;
  readonly apiKey?: string;
}

/** Finds the provider without a model. @throws TauError `provider.not_found`, `config.secret_missing` */
export async function findProvider(settings: ModelSettings, terminal: Terminal): Promise<FoundProvider> {
  const { provider } = await chooseProvider(settings, terminal);
  return {
    provider,
    ...optional("baseUrl", provider.baseUrl),
    ...optional("apiKey", await keyOf(provider, settings, terminal)),
  };
}

interface Choice {
  /** With the address that was named, if one was. */
  readonly provider: Provider;
  readonly because: string;
  readonly ollamaModel?: string;
}

async function chooseProvider(settings: ModelSettings, terminal: Terminal): Promise<Choice> {
  const name = settings.provider ?? (settings.baseUrl === undefined ? undefined : "compatible");
  const named = providers.find((provider) => provider.name === name);
  if (named?.name === "ollama") return await ollama(settings, terminal, "it was named");
  if (named !== undefined)
    return { provider: { ...named, ...optional("baseUrl", settings.baseUrl) }, because: "it was named" };
  const keyed = [...defaultModels.keys()]
    .flatMap((known) => providers.find((provider) => provider.name === known) ?? [])
    .find((provider) => keyVariableOf(provider, terminal) !== undefined);
  if (keyed !== undefined) {
    return { provider: keyed, because: `${keyVariableOf(keyed, terminal)} is set` };
  }
  const found = await ollama(settings, terminal, `Ollama answers at ${ollamaUrl(terminal)}`);
  if (found.ollamaModel !== undefined) return found;
  throw nothingFound();
}

/** Where `OLLAMA_HOST` says; the first model it has unless one is named. */
async function ollama({ id, baseUrl }: ModelSettings, terminal: Terminal, because: string): Promise<Choice> {
  const known = providers.find(({ name }) => name === "ollama");
  if (known === undefined) throw new TypeError("Ollama is no provider.");
  // Its own protocol has no version in the address; OpenAI's has.
  const url = (baseUrl ?? ollamaUrl(terminal)).replace(/\/v1\/*$/u, "");
  const ollamaModel = id ?? (await firstOllamaModel(url));
  return { provider: { ...known, baseUrl: url }, because, ...optional("ollamaModel", ollamaModel) };
}

/** The first of the provider's variables that is set. */
function keyVariableOf({ keyVariables }: Provider, { env }: Terminal): string | undefined {
  return keyVariables.find((name) => (env[name] ?? "") !== "");
}

async function keyOf(
  provider: Provider,
  { apiKey, baseUrl }: ModelSettings,
  terminal: Terminal,
): Promise<string | undefined> {
  if (apiKey !== undefined) return await resolveSecret(apiKey.reference, apiKey.where, terminal);
  const { name, keyVariables } = provider;
  const variable = keyVariableOf(provider, terminal);
  if (variable !== undefined) return terminal.env[variable];
  const [wanted] = keyVariables;
  if (wanted === undefined) return undefined;
  // A server that somebody runs at another address may not want a key; the provider itself always does.
  if (baseUrl !== undefined) return undefined;
  throw new TauError(
    "config.secret_missing",
    `The provider "${name}" needs a key: export ${wanted}=…, or name one with api_key in tau.toml.`,
  );
}

function nothingFound(): TauError {
  return new TauError(
    "provider.not_found",
    `No model was found. Do one of these:
  set a key         export ANTHROPIC_API_KEY=…   (or OPENAI_API_KEY, OPENROUTER_API_KEY, GEMINI_API_KEY)
  start Ollama      ollama serve, and pull a model that can call tools
  name a server     tau run --base-url http://127.0.0.1:8000/v1 --model NAME "…"
  write it down     tau init
To see Tau work without a model: tau demo`,
  );
}
