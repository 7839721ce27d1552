export * from "./gen/tau/runtime/v1/content_pb.ts";
export * from "./gen/tau/runtime/v1/error_pb.ts";
export * from "./gen/tau/runtime/v1/event_pb.ts";
export * from "./gen/tau/runtime/v1/runtime_pb.ts";
export { enumOf, wordOf } from "./enum-word.ts";
export type { StatusWord } from "./session-status.ts";
export { sessionStatusOf, sessionStatusWords } from "./session-status.ts";
export type { ShownText } from "./shown-text.ts";
export { createShownText } from "./shown-text.ts";
