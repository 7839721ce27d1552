import type { JsonObject } from "./json.ts";

/** OpenTelemetry severity numbers. */
export type ObserverLevel = 5 | 9 | 13 | 17;

/** Something worth a log line, a metric or a span. Never holds prompts, results or secrets. */
export interface Observation {
  readonly name: string;
  readonly level: ObserverLevel;
  readonly traceId?: string;
  readonly tenant?: string;
  readonly attributes: JsonObject;
  /** For a span: when it began, in milliseconds since the epoch, and how long it took. */
  readonly span?: { readonly startedAt: number; readonly durationMs: number };
  /** For one measurement of the metric `name`; the attributes are its labels, of which there are few. */
  readonly metric?: { readonly value: number; readonly unit: string };
  /** For logs only. */
  readonly error?: unknown;
}

/** Receives observations. Cannot change a run: what it throws is dropped. */
export type Observer = (observation: Observation) => void;

/** Observes nothing. */
export const silentObserver: Observer = () => undefined;
