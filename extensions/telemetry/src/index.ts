export type { OtelObserverOptions } from "./create-otel-observer.ts";
export { createOtelObserver } from "./create-otel-observer.ts";
