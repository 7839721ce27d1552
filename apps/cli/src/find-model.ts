import {
  compatibleDialect,
  createAnthropic,
  createOpenAiChat,
  openAiDialect,
  openRouterDialect,
} from "@tau/agent";
import type { Model, OpenAiChatDialect } from "@tau/agent";
import type { Price } from "@tau/core";
import { TauError } from "@tau/core";

import { resolveSecret } from "./settings.ts";
import type { Settings } from "./settings.ts";
import type { Terminal } from "./terminal.ts";

/** A provider that Tau knows by name. */
interface Provider {
  readonly name: string;
  readonly keyVariable?: string;
  readonly baseUrl?: string;
  readonly defaultModel?: string;
  readonly dialect?: OpenAiChatDialect;
}

const ollamaUrl = "http://127.0.0.1:11434";

/** In the order in which keys in the environment are looked for. */
const providers: readonly Provider[] = [
  { name: "anthropic", keyVariable: "ANTHROPIC_API_KEY", defaultModel: "claude-sonnet-4-5" },
  {
    name: "openai",
    keyVariable: "OPENAI_API_KEY",
    baseUrl: "https://api.openai.com/v1",
    defaultModel: "gpt-5.2",
    dialect: openAiDialect,
  },
  {
    name: "openrouter",
    keyVariable: "OPENROUTER_API_KEY",
    baseUrl: "https://openrouter.ai/api/v1",
    defaultModel: "openrouter/auto",
    dialect: openRouterDialect,
  },
  { name: "ollama", baseUrl: `${ollamaUrl}/v1`, dialect: compatibleDialect },
  { name: "compatible", dialect: compatibleDialect },
];

/**
 * Finds the model: flags, then tau.toml (both are in the settings), then keys in the environment, then an
 * Ollama on this machine.
 *
 * @throws TauError `provider.not_found`, `config.secret_missing`, `config.invalid`
 */
export async function findModel(settings: Settings, terminal: Terminal): Promise<Model> {
  const provider = await chooseProvider(settings, terminal);
  const model =
    settings.model ??
    provider.defaultModel ??
    (provider.name === "ollama" ? await firstOllamaModel() : undefined);
  if (model === undefined) {
    throw new TauError(
      "provider.not_found",
      `The provider "${provider.name}" has no default model: name one with --model.`,
    );
  }
  const apiKey = await keyOf(provider, settings, terminal);
  const { context_window: contextWindow } = settings.config.model;
  const shared = {
    model,
    ...(apiKey === undefined ? {} : { apiKey }),
    ...priceOf(settings),
    ...(contextWindow === undefined ? {} : { contextWindow }),
  };
  const baseUrl = settings.baseUrl ?? provider.baseUrl;
  if (provider.name === "anthropic")
    return createAnthropic({ ...shared, ...(baseUrl === undefined ? {} : { baseUrl }) });
  if (baseUrl === undefined) {
    throw new TauError(
      "provider.not_found",
      `The provider "${provider.name}" needs an address: name it with --base-url.`,
    );
  }
  const dialect = provider.dialect ?? compatibleDialect;
  return createOpenAiChat({ ...shared, baseUrl, provider: provider.name, dialect });
}

async function chooseProvider(settings: Settings, { env }: Terminal): Promise<Provider> {
  if (settings.provider !== undefined) {
    const named = providers.find(({ name }) => name === settings.provider);
    if (named !== undefined) return named;
    const names = providers.map(({ name }) => name).join(", ");
    throw new TauError(
      "provider.not_found",
      `There is no provider ${JSON.stringify(settings.provider)}; there is: ${names}.`,
    );
  }
  const local = providers.find(
    ({ name }) => name === (settings.baseUrl === undefined ? "ollama" : "compatible"),
  );
  if (local !== undefined && settings.baseUrl !== undefined) return local;
  const keyed = providers.find(
    ({ keyVariable }) => keyVariable !== undefined && (env[keyVariable] ?? "") !== "",
  );
  if (keyed !== undefined) return keyed;
  if (local !== undefined && (await firstOllamaModel()) !== undefined) return local;
  throw new TauError(
    "provider.not_found",
    `No model was found. Do one of these:
  - set a key:        export ANTHROPIC_API_KEY=…   (or OPENAI_API_KEY, OPENROUTER_API_KEY)
  - start Ollama:     ollama serve, and pull a model that can call tools
  - name a server:    tau run --base-url http://127.0.0.1:8000/v1 --model NAME "…"
  - write it down:    tau init
To see Tau work without a model, run: tau demo`,
  );
}

async function keyOf(
  provider: Provider,
  settings: Settings,
  terminal: Terminal,
): Promise<string | undefined> {
  const reference = settings.config.model.api_key;
  if (reference !== undefined) return await resolveSecret(reference, terminal);
  const { keyVariable } = provider;
  if (keyVariable === undefined) return undefined;
  // A server that somebody runs at another address may not want a key; the provider itself always does.
  if (settings.baseUrl !== undefined) return terminal.env[keyVariable];
  return await resolveSecret(`env:${keyVariable}`, terminal);
}

function priceOf({ config }: Settings): { readonly price?: Price } {
  const { input_price: inputPerMillion, output_price: outputPerMillion } = config.model;
  if (inputPerMillion === undefined || outputPerMillion === undefined) return {};
  return { price: { inputPerMillion, outputPerMillion } };
}

/** The first model of an Ollama on this machine; undefined when none answers. */
export async function firstOllamaModel(): Promise<string | undefined> {
  try {
    const response = await fetch(`${ollamaUrl}/api/tags`, { signal: AbortSignal.timeout(500) });
    const { models }: { models?: readonly { readonly name?: string }[] } = JSON.parse(await response.text());
    return models?.[0]?.name;
  } catch {
    return undefined;
  }
}
