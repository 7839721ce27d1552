import {
  createAnthropic,
  createAzureOpenAi,
  createCohere,
  createCohereEmbeddings,
  createGemini,
  createGeminiEmbeddings,
  createOllama,
  createOllamaEmbeddings,
  createOpenAiChat,
  createOpenAiEmbeddings,
  createOpenAiResponses,
  createVertexGemini,
  knownProviders,
} from "@tau/agent";
import type { EmbeddingModel, Model, WireModelOptions } from "@tau/agent";
import { bedrockProvider, createBedrockConverse } from "@tau/bedrock";
import { createClaudeCli, createCodexCli, createGeminiCli } from "@tau/cli-models";
import type { CliModelOptions } from "@tau/cli-models";
import { TauError } from "@tau/core";

import { optional } from "./optional.ts";

/** What a model is made of; the address only where it is not everybody's. */
export interface ModelParts extends WireModelOptions {
  readonly baseUrl?: string;
  /** For providers whose keys, regions and windows are found there, too. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

/** A provider that the command can talk to. */
export interface Provider {
  readonly name: string;
  /** Environment variables that may hold the key, in the order in which they are looked at. */
  readonly keyVariables: readonly string[];
  /** Where everybody finds it; absent where everybody has an address of their own. */
  readonly baseUrl?: string;
  /** Whether its adapter finds the address, and what proves who asks, by itself. */
  readonly findsItself?: boolean;
  /** What is asked when nobody names a model. */
  readonly defaultModel?: string;
  /** The wire protocol's name, for example `openai-chat`. */
  readonly protocol: string;
  readonly create: (parts: ModelParts) => Model;
  /** By OpenAI's Responses; absent where it does not speak them. */
  readonly createResponses?: (parts: ModelParts) => Model;
  /** Absent where it has none. */
  readonly createEmbeddings?: (parts: Pick<ModelParts, "model" | "apiKey" | "baseUrl">) => EmbeddingModel;
}

type Adapter = (
  name: string,
) => Pick<Provider, "protocol" | "create" | "createResponses" | "createEmbeddings" | "findsItself">;

/** How a provider is talked to, by the name of its adapter. */
const adapters: Readonly<Record<string, Adapter>> = {
  createAnthropic: () => ({ protocol: "anthropic", create: createAnthropic }),
  createAzureOpenAi: () => ({
    protocol: "openai-chat",
    create: (parts) => createAzure(parts, "chat"),
    createResponses: (parts) => createAzure(parts, "responses"),
    findsItself: true,
  }),
  createGemini: () => ({
    protocol: "gemini",
    create: createGemini,
    createEmbeddings: createGeminiEmbeddings,
  }),
  createVertexGemini: () => ({ protocol: "gemini", create: createVertex, findsItself: true }),
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

/** Who set the window, or the server's own, knows better. */
function createRoomyOllama(parts: ModelParts): Model {
  if (parts.contextWindow !== undefined || fromEnvironment(parts, "OLLAMA_CONTEXT_LENGTH") !== undefined) {
    return createOllama(parts);
  }
  const { capabilities } = parts;
  const can = capabilities?.maxInputTokens ?? capabilities?.maxContextTokens ?? roomyTokens;
  return createOllama({ ...parts, contextWindow: Math.min(can, roomyTokens) });
}

/** With a project, what does not look like a key of Google's is a token for it. */
function createVertex({ apiKey, ...parts }: ModelParts): Model {
  const project = fromEnvironment(parts, "GOOGLE_CLOUD_PROJECT");
  const isKey = project === undefined || (typeof apiKey === "string" && /^(?:AIza|AQ\.)/u.test(apiKey));
  return createVertexGemini({
    ...parts,
    ...(isKey ? optional("apiKey", apiKey) : optional("accessToken", apiKey)),
    ...optional("project", project),
    ...optional("location", fromEnvironment(parts, "GOOGLE_CLOUD_LOCATION")),
  });
}

/** The model is the deployment. Tokens of Entra ID are JSON Web Tokens; keys are not. */
function createAzure({ model, apiKey, baseUrl, ...parts }: ModelParts, api: "chat" | "responses"): Model {
  const endpoint = baseUrl ?? fromEnvironment(parts, "AZURE_OPENAI_ENDPOINT");
  if (endpoint === undefined) {
    throw new TauError(
      "provider.not_found",
      'The provider "azure" needs the address of your resource: export AZURE_OPENAI_ENDPOINT=…, or name it with --base-url or as base_url in tau.toml.',
    );
  }
  const isToken = typeof apiKey === "string" && apiKey.startsWith("eyJ");
  return createAzureOpenAi({
    ...parts,
    api,
    deployment: model,
    endpoint,
    ...(isToken ? { entraToken: async () => apiKey } : optional("apiKey", apiKey)),
    ...optional("apiVersion", fromEnvironment(parts, "OPENAI_API_VERSION")),
  });
}

/** A variable that is set; an empty one is not. */
function fromEnvironment({ environment }: Pick<ModelParts, "environment">, name: string): string | undefined {
  const value = environment?.[name];
  return value === "" ? undefined : value;
}

/** Keys that people have under another name than the provider's first. */
const otherKeys: ReadonlyMap<string, readonly string[]> = new Map([
  ["azure", ["AZURE_OPENAI_AD_TOKEN"]],
  ["gemini", ["GOOGLE_API_KEY"]],
  ["vertex", ["GOOGLE_OAUTH_ACCESS_TOKEN"]],
]);

/** A vendor's command, with the login of whoever uses this one. */
function commandProvider(
  name: string,
  create: (options: CliModelOptions, baseUrl: string | undefined) => Model,
): Provider {
  return {
    name,
    keyVariables: [],
    findsItself: true,
    defaultModel: "default",
    protocol: name,
    create: ({ model, environment, baseUrl, price, contextWindow }) =>
      create(
        {
          model,
          home: "personal",
          ...optional("env", pathOf(environment)),
          ...optional("price", price),
          ...optional("contextWindow", contextWindow),
        },
        baseUrl,
      ),
  };
}

function pathOf(environment: ModelParts["environment"]): Readonly<Record<string, string>> | undefined {
  const path = environment?.["PATH"];
  return path === undefined ? undefined : { PATH: path };
}

/** Another address for a command, which takes it by a variable. */
function withVariable(options: CliModelOptions, name: string, value: string | undefined): CliModelOptions {
  return value === undefined ? options : { ...options, env: { ...options.env, [name]: value } };
}

const commandProviders: readonly Provider[] = [
  commandProvider("claude-cli", (options, baseUrl) =>
    createClaudeCli(withVariable(options, "ANTHROPIC_BASE_URL", baseUrl)),
  ),
  commandProvider("gemini-cli", (options, baseUrl) =>
    createGeminiCli(withVariable(options, "GOOGLE_GEMINI_BASE_URL", baseUrl)),
  ),
  commandProvider("codex-cli", (options, baseUrl) =>
    createCodexCli({
      ...options,
      ...(baseUrl === undefined ? {} : { config: [`openai_base_url=${JSON.stringify(baseUrl)}`] }),
    }),
  ),
];

/** Every provider that needs no more than a key and an address; `compatible` is a server of one's own. */
export const providers: readonly Provider[] = [
  ...knownProviders.flatMap(({ id, adapters: names, baseUrl, keyVariable }): readonly Provider[] => {
    const adapter = names.flatMap((name) => adapters[name] ?? []).at(0)?.(id);
    if (adapter === undefined) return [];
    return [
      {
        name: id,
        ...optional("baseUrl", adapter.findsItself === true ? undefined : baseUrl),
        ...(names.includes("createOpenAiResponses")
          ? { createResponses: (parts: ModelParts) => createOpenAiResponses({ ...parts, provider: id }) }
          : {}),
        keyVariables: [...(keyVariable === undefined ? [] : [keyVariable]), ...(otherKeys.get(id) ?? [])],
        ...adapter,
      },
    ];
  }),
  {
    name: bedrockProvider.id,
    keyVariables: [],
    protocol: "bedrock-converse",
    findsItself: true,
    create: createBedrockConverse,
  },
  ...commandProviders,
  {
    name: "compatible",
    keyVariables: [],
    protocol: "openai-chat",
    create: (parts) => createOpenAiChat({ ...parts, provider: "compatible" }),
    createResponses: (parts) => createOpenAiResponses({ ...parts, provider: "compatible" }),
    createEmbeddings: (parts) => createOpenAiEmbeddings({ ...parts, provider: "compatible" }),
  },
];
