/**
 * How a server that speaks OpenAI Chat Completions differs from OpenAI's own. Data, not code: a new
 * compatible provider is a new record.
 */
export interface OpenAiChatDialect {
  readonly maxTokensField: "max_completion_tokens" | "max_tokens";
  /** Ask for usage at the end of the stream by `stream_options`; some old servers refuse the field. */
  readonly streamUsage: boolean;
  readonly systemRole: "system" | "developer";
  /** Fields of a delta that hold thinking; the first one present counts. */
  readonly reasoningFields: readonly string[];
  /** How thinking effort is asked for. */
  readonly reasoningRequest: "reasoning_effort" | "reasoning" | "none";
  /** The field in which thinking goes back to the server; absent when it must not go back. */
  readonly reasoningReturnField?: string;
  readonly structuredOutput: "json_schema" | "json_object" | "none";
  /** Whether the stream ends with `data: [DONE]`; else it ends after the finish reason, at the end of the response. */
  readonly doneMarker: boolean;
}

/** OpenAI itself. */
export const openAiDialect: OpenAiChatDialect = {
  maxTokensField: "max_completion_tokens",
  streamUsage: true,
  systemRole: "system",
  reasoningFields: [],
  reasoningRequest: "reasoning_effort",
  structuredOutput: "json_schema",
  doneMarker: true,
};

/** vLLM, llama.cpp, LM Studio, MLX, Ollama, Groq, Mistral, Together and most others. */
export const compatibleDialect: OpenAiChatDialect = {
  maxTokensField: "max_tokens",
  streamUsage: true,
  systemRole: "system",
  reasoningFields: ["reasoning_content", "reasoning"],
  reasoningRequest: "reasoning_effort",
  structuredOutput: "json_schema",
  doneMarker: true,
};

/** OpenRouter. */
export const openRouterDialect: OpenAiChatDialect = {
  ...compatibleDialect,
  reasoningFields: ["reasoning", "reasoning_content"],
  reasoningRequest: "reasoning",
};

/** DeepSeek's own service: no JSON schemas. */
export const deepSeekDialect: OpenAiChatDialect = {
  ...compatibleDialect,
  reasoningRequest: "none",
  structuredOutput: "json_object",
};

const byHost: Readonly<Record<string, OpenAiChatDialect>> = {
  "api.openai.com": openAiDialect,
  "openrouter.ai": openRouterDialect,
  "api.deepseek.com": deepSeekDialect,
};

/** The dialect of a known host; any other host is taken as compatible. */
export function dialectFor(url: URL): OpenAiChatDialect {
  return byHost[url.hostname] ?? compatibleDialect;
}
