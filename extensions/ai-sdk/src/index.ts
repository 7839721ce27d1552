export type { FromAiSdkOptions } from "./from-ai-sdk.ts";
export { fromAiSdk } from "./from-ai-sdk.ts";
export type { FromAiSdkEmbeddingsOptions } from "./from-ai-sdk-embeddings.ts";
export { fromAiSdkEmbeddings } from "./from-ai-sdk-embeddings.ts";
export type { AiSdkLanguageModel } from "./open-stream.ts";
export type { ToAiSdkOptions } from "./to-ai-sdk.ts";
export { toAiSdk } from "./to-ai-sdk.ts";
export type { ToAiSdkEmbeddingsOptions } from "./to-ai-sdk-embeddings.ts";
export { toAiSdkEmbeddings } from "./to-ai-sdk-embeddings.ts";
