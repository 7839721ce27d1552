/** What adapters in other packages are made with, so that all of them fail in the same codes. */
export type { AnthropicEventReader } from "../anthropic/event-reader.ts";
export { createAnthropicEventReader } from "../anthropic/event-reader.ts";
/** What adapters in other packages are made with, so that they behave, and fail, as the kernel's own. */
export type { AnswerDecoder } from "../answer-decoder.ts";
export { claudeTakesSchema, claudeThinking } from "../anthropic/claude-models.ts";
export type { ClaudeThinking } from "../anthropic/claude-models.ts";
export type { CacheMarks } from "../cache-marks.ts";
export { chooseCacheMarks } from "../cache-marks.ts";
export { endpointOf } from "../endpoint.ts";
export type { FrameParser, Framing } from "../framing.ts";
export { tokensIn } from "../json-fields.ts";
export type { ModelErrorOptions, ModelIdentity } from "../model-error.ts";
export { modelError } from "../model-error.ts";
export type { OutputShape } from "../output-shape/output-shape.ts";
export { toOutputShape } from "../output-shape/output-shape.ts";
export { respondToolName, toRespondTool } from "../output-shape/respond-tool.ts";
export type { ErrorReading, ProviderFailure } from "../provider-error.ts";
export { providerError } from "../provider-error.ts";
export type { Redactor } from "../redaction/redactor.ts";
export { createRedactor } from "../redaction/redactor.ts";
export { headerOf } from "../retry-after.ts";
export type { SseEvent, SseSink } from "../sse/sse-parser.ts";
export { StreamedText } from "../streamed-text.ts";
export { wellFormedJson } from "../well-formed-json.ts";
export { joinBody, toolList } from "../wire-body.ts";
export type { WireModelPlace } from "../wire-model.ts";
export { createWireModel } from "../wire-model.ts";
export type { ErrorAnswer, WireProtocol } from "../wire-protocol.ts";
