/** What adapters in other packages are made with, so that all of them fail in the same codes. */
export type { AnthropicEventReader } from "../anthropic/event-reader.ts";
export { createAnthropicEventReader } from "../anthropic/event-reader.ts";
export type { ModelErrorOptions, ModelIdentity } from "../model-error.ts";
export { modelError } from "../model-error.ts";
export type { ProviderFailure } from "../provider-error.ts";
export { providerError } from "../provider-error.ts";
export type { Redactor } from "../redaction/redactor.ts";
export { createRedactor } from "../redaction/redactor.ts";
