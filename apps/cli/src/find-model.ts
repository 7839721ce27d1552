import { createAnthropic, createOpenAiChat, openAiChatProviders } from "@tau/agent";
import type { Catalog, CatalogEntry, Model, ModelCapabilities } from "@tau/agent";
import { TauError } from "@tau/core";

import { firstOllamaModel, ollamaUrl } from "./ollama.ts";
import { optional } from "./optional.ts";
import { resolveSecret } from "./resolve-secret.ts";
import type { ModelSettings } from "./settings.ts";
import type { Terminal } from "./terminal.ts";

/** A provider that Tau knows by name. */
interface Provider {
  readonly name: string;
  readonly keyVariable?: string;
  /** Where everybody finds it; absent where everybody has an address of their own. */
  readonly baseUrl?: string;
  readonly defaultModel?: string;
  /** The wire protocol's name. */
  readonly protocol: string;
}

/** Providers whose keys are looked for when nobody named one, in this order, and what they are asked for. */
const defaultModels: readonly (readonly [provider: string, model: string])[] = [
  ["anthropic", "claude-sonnet-4-5"],
  ["openai", "gpt-5.2"],
  ["openrouter", "openrouter/auto"],
];

const providers: readonly Provider[] = [
  { name: "anthropic", keyVariable: "ANTHROPIC_API_KEY", protocol: "anthropic" },
  ...openAiChatProviders.map(({ id, keyVariable, baseUrl }) => ({
    name: id,
    protocol: "openai-chat",
    ...optional("keyVariable", keyVariable),
    ...optional("baseUrl", baseUrl),
  })),
  { name: "compatible", protocol: "openai-chat" },
].map((provider) => ({
  ...provider,
  ...optional("defaultModel", new Map(defaultModels).get(provider.name)),
}));

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
  const id = settings.id ?? ollamaModel ?? provider.defaultModel;
  if (id === undefined) {
    const hint = provider.name === "ollama" ? " Or start Ollama and pull one." : "";
    throw new TauError(
      "provider.not_found",
      `The provider "${provider.name}" has no default model: name one with --model.${hint}`,
    );
  }
  const apiKey = await keyOf(provider, settings, terminal);
  const { price, contextWindow } = settings;
  const known = await catalog.find(provider.name, id);
  const options = {
    model: id,
    ...(known === undefined ? {} : { capabilities: known.capabilities }),
    ...(apiKey === undefined ? {} : { apiKey }),
    ...(price === undefined ? {} : { price }),
    ...(contextWindow === undefined ? {} : { contextWindow }),
  };
  const baseUrl = settings.baseUrl ?? provider.baseUrl;
  return {
    because,
    protocol: provider.protocol,
    model: createModel(provider, options, baseUrl),
    ...(known === undefined ? {} : { known }),
  };
}

/** A provider that can be asked: where it answers, and the key for it. */
export interface FoundProvider {
  readonly name: string;
  /** Where it answers OpenAI's protocols; absent for those that do not. */
  readonly baseUrl?: string;
  /** The same, only when it is not where everybody finds the provider. */
  readonly ownUrl?: string;
  readonly apiKey?: string;
}

/** Finds the provider without a model. @throws TauError `provider.not_found`, `config.secret_missing` */
export async function findProvider(settings: ModelSettings, terminal: Terminal): Promise<FoundProvider> {
  const { provider } = await chooseProvider(settings, terminal);
  const baseUrl = settings.baseUrl ?? provider.baseUrl;
  const home = providers.find(({ name }) => name === provider.name)?.baseUrl;
  return {
    name: provider.name,
    ...optional("baseUrl", baseUrl),
    ...optional("ownUrl", baseUrl === home ? undefined : baseUrl),
    ...optional("apiKey", await keyOf(provider, settings, terminal)),
  };
}

function createModel(
  { name }: Provider,
  options: {
    readonly model: string;
    readonly apiKey?: string;
    readonly capabilities?: ModelCapabilities;
  },
  baseUrl: string | undefined,
): Model {
  if (name === "anthropic")
    return createAnthropic({ ...options, ...(baseUrl === undefined ? {} : { baseUrl }) });
  if (baseUrl !== undefined) return createOpenAiChat({ ...options, baseUrl, provider: name });
  throw new TauError(
    "provider.not_found",
    `The provider "${name}" needs an address: name it with --base-url, or as base_url in tau.toml.`,
  );
}

interface Choice {
  readonly provider: Provider;
  readonly because: string;
  readonly ollamaModel?: string;
}

async function chooseProvider(settings: ModelSettings, terminal: Terminal): Promise<Choice> {
  const name = settings.provider ?? (settings.baseUrl === undefined ? undefined : "compatible");
  const named = providers.find((provider) => provider.name === name);
  if (named?.name === "ollama" && settings.baseUrl === undefined) {
    const wanted = settings.id === undefined ? await firstOllamaModel(ollamaUrl(terminal)) : settings.id;
    return ollama(terminal, wanted, "it was named");
  }
  if (named !== undefined) return { provider: named, because: "it was named" };
  const keyed = defaultModels
    .flatMap(([known]) => providers.find((provider) => provider.name === known) ?? [])
    .find(({ keyVariable }) => (terminal.env[keyVariable ?? ""] ?? "") !== "");
  if (keyed !== undefined) return { provider: keyed, because: `${keyed.keyVariable} is set` };
  const found = await firstOllamaModel(ollamaUrl(terminal));
  if (found !== undefined) return ollama(terminal, found, `Ollama answers at ${ollamaUrl(terminal)}`);
  throw nothingFound();
}

function ollama(terminal: Terminal, ollamaModel: string | undefined, because: string): Choice {
  const provider: Provider = {
    name: "ollama",
    baseUrl: `${ollamaUrl(terminal)}/v1`,
    protocol: "openai-chat",
  };
  return { provider, because, ...(ollamaModel === undefined ? {} : { ollamaModel }) };
}

async function keyOf(
  { name, keyVariable }: Provider,
  { apiKey, baseUrl }: ModelSettings,
  terminal: Terminal,
): Promise<string | undefined> {
  if (apiKey !== undefined) return await resolveSecret(apiKey.reference, apiKey.where, terminal);
  if (keyVariable === undefined) return undefined;
  const key = terminal.env[keyVariable] ?? "";
  if (key !== "") return key;
  // A server that somebody runs at another address may not want a key; the provider itself always does.
  if (baseUrl !== undefined) return undefined;
  throw new TauError(
    "config.secret_missing",
    `The provider "${name}" needs a key: export ${keyVariable}=…, or name one with api_key in tau.toml.`,
  );
}

function nothingFound(): TauError {
  return new TauError(
    "provider.not_found",
    `No model was found. Do one of these:
  set a key         export ANTHROPIC_API_KEY=…   (or OPENAI_API_KEY, OPENROUTER_API_KEY)
  start Ollama      ollama serve, and pull a model that can call tools
  name a server     tau run --base-url http://127.0.0.1:8000/v1 --model NAME "…"
  write it down     tau init
To see Tau work without a model: tau demo`,
  );
}
