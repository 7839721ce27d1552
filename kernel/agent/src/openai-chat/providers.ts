import {
  compatibleDialect,
  openAiDialect,
  reasoningObject,
  thinkingEffort,
  thinkingSwitch,
} from "./dialect.ts";
import type { OpenAiChatDialect } from "./dialect.ts";

/** A service or a local server that speaks OpenAI Chat Completions. */
export interface OpenAiChatProvider {
  /** What `createOpenAiChat({ provider })` takes, and the name in errors and costs. */
  readonly id: string;
  /** For people. */
  readonly name: string;
  /** With the version, without the path. Absent where everybody has an address of their own. */
  readonly baseUrl?: string;
  /** Default `/chat/completions`. */
  readonly path?: string;
  /** The end of the host names of such addresses. */
  readonly hostSuffix?: string;
  /** The environment variable that usually holds the key. Absent for servers that need none. */
  readonly keyVariable?: string;
  /** How it differs from most. */
  readonly dialect: Partial<OpenAiChatDialect>;
  /** Speaks OpenAI Responses at the same address, too: `createOpenAiResponses({ provider })`. */
  readonly responses?: boolean;
}

const noThinking = { chat_template_kwargs: { enable_thinking: false } };

/**
 * Every provider known to speak Chat Completions. A new one is a new record here and nothing else; facts of
 * a provider belong here, not into code.
 */
export const openAiChatProviders: readonly OpenAiChatProvider[] = [
  {
    id: "openai",
    name: "OpenAI",
    baseUrl: "https://api.openai.com/v1",
    keyVariable: "OPENAI_API_KEY",
    responses: true,
    dialect: openAiDialect,
  },
  {
    id: "openrouter",
    name: "OpenRouter",
    baseUrl: "https://openrouter.ai/api/v1",
    keyVariable: "OPENROUTER_API_KEY",
    responses: true,
    dialect: {
      reasoningFields: ["reasoning", "reasoning_content"],
      reasoning: reasoningObject,
      reasoningDetails: true,
      reasoningReturnField: "reasoning",
    },
  },
  {
    id: "groq",
    name: "Groq",
    baseUrl: "https://api.groq.com/openai/v1",
    keyVariable: "GROQ_API_KEY",
    responses: true,
    dialect: { maxTokensField: "max_completion_tokens", itemFields: ["executed_tools"] },
  },
  {
    id: "mistral",
    name: "Mistral",
    baseUrl: "https://api.mistral.ai/v1",
    keyVariable: "MISTRAL_API_KEY",
    dialect: {
      // Refuses fields that it does not know; usage comes without asking.
      streamUsage: false,
      thinkingParts: true,
      reasoning: thinkingSwitch({ reasoning_effort: "none" }, { reasoning_effort: "high" }),
      requiredToolChoice: "any",
      seedField: "random_seed",
      callIds: { pattern: /^[a-zA-Z0-9]{9}$/, length: 9 },
    },
  },
  {
    id: "deepseek",
    name: "DeepSeek",
    baseUrl: "https://api.deepseek.com",
    keyVariable: "DEEPSEEK_API_KEY",
    responses: true,
    dialect: {
      reasoning: thinkingEffort({ type: "enabled" }),
      // A model that thinks refuses its own tool calls back without the thoughts that led to them.
      reasoningReturnField: "reasoning_content",
      structuredOutput: "json_object",
    },
  },
  {
    id: "xai",
    name: "xAI",
    baseUrl: "https://api.x.ai/v1",
    keyVariable: "XAI_API_KEY",
    responses: true,
    dialect: {
      maxTokensField: "max_completion_tokens",
      reasoning: {
        low: { reasoning_effort: "low" },
        medium: { reasoning_effort: "medium" },
        high: { reasoning_effort: "high" },
      },
    },
  },
  {
    id: "cerebras",
    name: "Cerebras",
    baseUrl: "https://api.cerebras.ai/v1",
    keyVariable: "CEREBRAS_API_KEY",
    dialect: { maxTokensField: "max_completion_tokens", reasoningReturnField: "reasoning" },
  },
  {
    id: "together",
    name: "Together",
    baseUrl: "https://api.together.xyz/v1",
    keyVariable: "TOGETHER_API_KEY",
    dialect: {},
  },
  {
    id: "fireworks",
    name: "Fireworks",
    baseUrl: "https://api.fireworks.ai/inference/v1",
    keyVariable: "FIREWORKS_API_KEY",
    dialect: { reasoningReturnField: "reasoning_content" },
  },
  {
    id: "perplexity",
    name: "Perplexity",
    baseUrl: "https://api.perplexity.ai",
    keyVariable: "PERPLEXITY_API_KEY",
    dialect: { reasoning: {}, seedField: "none" },
  },
  {
    id: "moonshot",
    name: "Moonshot",
    baseUrl: "https://api.moonshot.ai/v1",
    keyVariable: "MOONSHOT_API_KEY",
    dialect: {
      maxTokensField: "max_completion_tokens",
      reasoning: thinkingEffort({ type: "enabled" }),
      reasoningReturnField: "reasoning_content",
      structuredOutput: "json_object",
    },
  },
  {
    id: "alibaba",
    name: "Alibaba Model Studio",
    baseUrl: "https://dashscope-intl.aliyuncs.com/compatible-mode/v1",
    hostSuffix: ".aliyuncs.com",
    keyVariable: "DASHSCOPE_API_KEY",
    dialect: {
      reasoning: thinkingSwitch({ enable_thinking: false }, { enable_thinking: true }),
      structuredOutput: "json_object",
    },
  },
  {
    id: "zai",
    name: "Z.ai",
    baseUrl: "https://api.z.ai/api/paas/v4",
    keyVariable: "ZAI_API_KEY",
    dialect: {
      reasoning: thinkingEffort({ type: "enabled", clear_thinking: false }),
      // Without it the arguments of a call come in one piece, after minutes of silence.
      requestFields: { tool_stream: true },
      reasoningReturnField: "reasoning_content",
      structuredOutput: "json_object",
      seedField: "none",
    },
  },
  {
    id: "huggingface",
    name: "Hugging Face",
    baseUrl: "https://router.huggingface.co/v1",
    keyVariable: "HF_TOKEN",
    responses: true,
    dialect: {},
  },
  {
    id: "snowflake",
    name: "Snowflake Cortex",
    hostSuffix: ".snowflakecomputing.com",
    keyVariable: "SNOWFLAKE_PAT",
    dialect: {
      maxTokensField: "max_completion_tokens",
      reasoning: reasoningObject,
      reasoningDetails: true,
      finishReason: false,
    },
  },
  {
    id: "writer",
    name: "Writer",
    baseUrl: "https://api.writer.com/v1",
    path: "/chat",
    keyVariable: "WRITER_API_KEY",
    dialect: { reasoning: {}, seedField: "none", doneMarker: false },
  },
  {
    id: "bedrock-mantle",
    name: "Amazon Bedrock (OpenAI protocols)",
    baseUrl: "https://bedrock-mantle.us-east-1.api.aws/v1",
    hostSuffix: ".api.aws",
    keyVariable: "AWS_BEARER_TOKEN_BEDROCK",
    responses: true,
    dialect: {},
  },
  {
    id: "gemini",
    name: "Google Gemini",
    baseUrl: "https://generativelanguage.googleapis.com/v1beta/openai",
    keyVariable: "GEMINI_API_KEY",
    dialect: {},
  },
  {
    id: "cohere",
    name: "Cohere",
    baseUrl: "https://api.cohere.ai/compatibility/v1",
    keyVariable: "COHERE_API_KEY",
    dialect: { reasoning: thinkingSwitch({ reasoning_effort: "none" }, { reasoning_effort: "high" }) },
  },
  {
    id: "heroku",
    name: "Heroku",
    baseUrl: "https://us.inference.heroku.com/v1",
    hostSuffix: ".inference.heroku.com",
    keyVariable: "INFERENCE_KEY",
    dialect: {},
  },
  {
    id: "ollama",
    name: "Ollama",
    baseUrl: "http://localhost:11434/v1",
    responses: true,
    dialect: { reasoningReturnField: "reasoning" },
  },
  { id: "vllm", name: "vLLM", baseUrl: "http://localhost:8000/v1", responses: true, dialect: {} },
  {
    id: "llama.cpp",
    name: "llama.cpp",
    baseUrl: "http://localhost:8080/v1",
    dialect: {
      reasoning: { none: noThinking },
      reasoningReturnField: "reasoning_content",
    },
  },
  {
    id: "mlx",
    name: "MLX",
    baseUrl: "http://localhost:8080/v1",
    dialect: { reasoning: { none: noThinking } },
  },
  {
    id: "lmstudio",
    name: "LM Studio",
    baseUrl: "http://localhost:1234/v1",
    responses: true,
    dialect: {},
  },
];

/** OpenRouter. */
export const openRouterDialect: OpenAiChatDialect = dialectOf(findProvider("openrouter"));

/** The whole dialect of a provider; of none, what most servers understand. */
export function dialectOf(provider: OpenAiChatProvider | undefined): OpenAiChatDialect {
  return { ...compatibleDialect, ...provider?.dialect };
}

/** The record with this id. */
export function findProvider(id: string): OpenAiChatProvider | undefined {
  return openAiChatProviders.find((provider) => provider.id === id);
}

/** The record whose address this is. Local servers share addresses, so they are not found. */
export function providerAt(url: URL): OpenAiChatProvider | undefined {
  return openAiChatProviders.find(
    ({ baseUrl, hostSuffix, keyVariable }) =>
      keyVariable !== undefined &&
      ((baseUrl !== undefined && new URL(baseUrl).hostname === url.hostname) ||
        (hostSuffix !== undefined && url.hostname.endsWith(hostSuffix))),
  );
}
