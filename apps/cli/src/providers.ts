import {
  createAnthropic,
  createCohere,
  createCohereEmbeddings,
  createGemini,
  createGeminiEmbeddings,
  createOllama,
  createOllamaEmbeddings,
  createOpenAiChat,
  createOpenAiEmbeddings,
  knownProviders,
} from "@tau/agent";
import type { EmbeddingModel, Model, WireModelOptions } from "@tau/agent";
import { bedrockProvider, createBedrockConverse } from "@tau/bedrock";

import { optional } from "./optional.ts";

/** What a model is made of; the address only where it is not everybody's. */
export interface ModelParts extends WireModelOptions {
  readonly baseUrl?: string;
  /** For adapters that look for keys and regions themselves. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

/** A provider that the command can talk to. */
export interface Provider {
  readonly name: string;
  readonly keyVariable?: string;
  /** Where everybody finds it; absent where everybody has an address of their own. */
  readonly baseUrl?: string;
  /** Whether its adapter finds the address, and what proves who asks, by itself. */
  readonly findsItself?: boolean;
  /** The wire protocol's name, for example `openai-chat`. */
  readonly protocol: string;
  readonly create: (parts: ModelParts) => Model;
  /** Absent where it has none. */
  readonly createEmbeddings?: (parts: Pick<ModelParts, "model" | "apiKey" | "baseUrl">) => EmbeddingModel;
}

type Adapter = (name: string) => Pick<Provider, "protocol" | "create" | "createEmbeddings">;

/** How a provider is talked to, by the name of its adapter. */
const adapters: Readonly<Record<string, Adapter>> = {
  createAnthropic: () => ({ protocol: "anthropic", create: createAnthropic }),
  createGemini: () => ({
    protocol: "gemini",
    create: createGemini,
    createEmbeddings: createGeminiEmbeddings,
  }),
  createCohere: () => ({
    protocol: "cohere",
    create: createCohere,
    createEmbeddings: ({ model, apiKey }) => createCohereEmbeddings({ model, ...optional("apiKey", apiKey) }),
  }),
  createOllama: () => ({
    protocol: "ollama",
    create: createRoomyOllama,
    createEmbeddings: createOllamaEmbeddings,
  }),
  createOpenAiChat: (provider) => ({
    protocol: "openai-chat",
    create: (parts) => createOpenAiChat({ ...parts, provider }),
    createEmbeddings: (parts) => createOpenAiEmbeddings({ ...parts, provider }),
  }),
};

/** Tokens that an agent gets from an Ollama whose model can read more: its own 4,096 are used up by the tools. */
const roomyTokens = 32_768;

function createRoomyOllama(parts: ModelParts): Model {
  const { capabilities } = parts;
  const can = capabilities?.maxInputTokens ?? capabilities?.maxContextTokens ?? roomyTokens;
  const contextWindow = parts.contextWindow ?? Math.min(can, roomyTokens);
  return createOllama({ ...parts, contextWindow, options: { num_ctx: contextWindow } });
}

/** Every provider that needs no more than a key and an address; `compatible` is a server of one's own. */
export const providers: readonly Provider[] = [
  ...knownProviders.flatMap(({ id, adapters: names, baseUrl, keyVariable }): readonly Provider[] => {
    const adapter = names.flatMap((name) => adapters[name] ?? []).at(0);
    if (adapter === undefined) return [];
    return [
      {
        name: id,
        ...optional("baseUrl", baseUrl),
        ...optional("keyVariable", keyVariable),
        ...adapter(id),
      },
    ];
  }),
  {
    name: bedrockProvider.id,
    protocol: "bedrock-converse",
    findsItself: true,
    create: createBedrockConverse,
  },
  {
    name: "compatible",
    protocol: "openai-chat",
    create: (parts) => createOpenAiChat({ ...parts, provider: "compatible" }),
    createEmbeddings: (parts) => createOpenAiEmbeddings({ ...parts, provider: "compatible" }),
  },
];
