export type { Model, ModelRequest } from "./model.ts";
export type {
  CapabilityFacts,
  Known,
  Modality,
  ModelCapabilities,
  PromptCache,
  StructuredOutput,
} from "./capabilities.ts";
export { defineCapabilities, unknownCapabilities, withFacts } from "./capabilities.ts";
export type { CapabilityRequirements } from "./preflight/requirements.ts";
export { estimatePromptTokens, requirementsOf } from "./preflight/requirements.ts";
export type {
  PreflightKind,
  PreflightOptions,
  PreflightReason,
  PreflightResult,
} from "./preflight/preflight.ts";
export { capabilitiesOf, checkRequirements, preflight } from "./preflight/preflight.ts";
export type { IncompatibleCandidate } from "./preflight/no-compatible-candidate.ts";
export { noCompatibleCandidate } from "./preflight/no-compatible-candidate.ts";
export type { CatalogModel, ModelList } from "./catalog/catalog-model.ts";
export type { Catalog, CatalogEntry, CatalogOptions, ModelOverride } from "./catalog/catalog.ts";
export { createCatalog } from "./catalog/catalog.ts";
export { parseModelList } from "./catalog/parse-model-list.ts";
export { cleanModelId } from "./catalog/model-id.ts";
export type { GetModelsOptions, ListProtocol } from "./model-list/get-models.ts";
export { getModels, refreshCatalog } from "./model-list/get-models.ts";
export type {
  ChosenModel,
  ModelCandidate,
  ModelTier,
  ModelTiers,
} from "./model-choice/resolve-chat-model.ts";
export { resolveChatModel, resolveTier } from "./model-choice/resolve-chat-model.ts";
export type {
  KnownModel,
  ModelIdVerdict,
  ValidateModelIdOptions,
} from "./model-choice/validate-chat-model-id.ts";
export { validateChatModelId } from "./model-choice/validate-chat-model-id.ts";
export { withConfiguredModels } from "./model-choice/with-configured-models.ts";
export type { RouterAddress } from "./model-choice/resolve-router-base-url.ts";
export { resolveRouterBaseUrl } from "./model-choice/resolve-router-base-url.ts";
export type { HostedPrefix, HostOptions, PrefixHost, PromptPrefix } from "./prefix-host.ts";
export type { ApiKey } from "./api-key.ts";
export type { ModelErrorCode } from "./error-codes.ts";
export { modelErrorCodes } from "./error-codes.ts";
export type { HttpResponse } from "./http/http-response.ts";
export type { HttpLimits, HttpRequest, HttpTransport, HttpTransportOptions } from "./http/http-transport.ts";
export { createHttpTransport } from "./http/http-transport.ts";
export type { OpenAiChatDialect } from "./openai-chat/dialect.ts";
export { compatibleDialect, openAiDialect } from "./openai-chat/dialect.ts";
export type { OpenAiChatProvider } from "./openai-chat/providers.ts";
export { openAiChatProviders, openRouterDialect } from "./openai-chat/providers.ts";
export type { KnownProvider } from "./known-providers.ts";
export { knownProviders } from "./known-providers.ts";
export type { OpenAiChatOptions } from "./openai-chat/openai-chat.ts";
export { createOpenAiChat } from "./openai-chat/openai-chat.ts";
export type { OpenAiResponsesOptions } from "./openai-responses/openai-responses.ts";
export type { ResponsesSettings } from "./openai-responses/settings.ts";
export { createOpenAiResponses } from "./openai-responses/openai-responses.ts";
export type { CohereOptions } from "./cohere/cohere.ts";
export { createCohere } from "./cohere/cohere.ts";
export type { AzurePlace } from "./azure/azure-endpoint.ts";
export type { EntraToken, EntraTokenSource } from "./azure/entra-token.ts";
export type { AzureOpenAiOptions } from "./azure/azure-openai.ts";
export { createAzureOpenAi } from "./azure/azure-openai.ts";
export type { AnthropicOptions } from "./anthropic/anthropic.ts";
export { createAnthropic } from "./anthropic/anthropic.ts";
export type { GeminiOptions } from "./gemini/gemini.ts";
export { createGemini } from "./gemini/gemini.ts";
export type { GeminiSettings } from "./gemini/settings.ts";
export type { VertexGeminiOptions } from "./gemini/vertex.ts";
export { createVertexGemini } from "./gemini/vertex.ts";
export type { OllamaOptions } from "./ollama/ollama.ts";
export { createOllama } from "./ollama/ollama.ts";
export type { WireModelOptions } from "./wire-model.ts";
export type { ModelLimits } from "./wire-protocol.ts";
export { completeAnswer } from "./complete-answer.ts";
export type {
  EmbeddingAnswer,
  EmbeddingModel,
  EmbeddingPurpose,
  EmbeddingRequest,
} from "./embeddings/embedding-model.ts";
export type { WireEmbeddingOptions } from "./embeddings/wire-embeddings.ts";
export type { OpenAiEmbeddingDialect } from "./embeddings/openai-embedding-dialect.ts";
export type { OpenAiEmbeddingOptions } from "./embeddings/openai-embeddings.ts";
export { createOpenAiEmbeddings } from "./embeddings/openai-embeddings.ts";
export type { GeminiEmbeddingOptions } from "./embeddings/gemini-embeddings.ts";
export { createGeminiEmbeddings } from "./embeddings/gemini-embeddings.ts";
export type { OllamaEmbeddingOptions } from "./embeddings/ollama-embeddings.ts";
export { createOllamaEmbeddings } from "./embeddings/ollama-embeddings.ts";
export type { CohereEmbeddingOptions } from "./embeddings/cohere-embeddings.ts";
export { createCohereEmbeddings } from "./embeddings/cohere-embeddings.ts";
export type {
  TimedText,
  Transcript,
  TranscriptionModel,
  TranscriptionRequest,
} from "./audio/transcription-model.ts";
export type { SpeechFormat, SpeechModel, SpeechRequest } from "./audio/speech-model.ts";
export type { OpenAiAudioOptions } from "./audio/openai-audio-endpoint.ts";
export { createOpenAiTranscription } from "./audio/openai-transcription.ts";
export { createOpenAiSpeech } from "./audio/openai-speech.ts";
export type { RetryNotice, RetryPolicy } from "./retry.ts";
export { beginWithRetry, createRetries, retry } from "./retry.ts";
export { beginStream } from "./begin-stream.ts";
export type { RateLimit, RateLimits } from "./rate-limits.ts";
export type { GeminiPrefixHostOptions } from "./gemini/gemini-prefix-host.ts";
export { createGeminiPrefixHost } from "./gemini/gemini-prefix-host.ts";
