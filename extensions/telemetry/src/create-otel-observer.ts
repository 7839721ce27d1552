import { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace, TraceFlags } from "@opentelemetry/api";
import type { Attributes, Context, Histogram, Meter, Tracer } from "@opentelemetry/api";
import { SeverityNumber } from "@opentelemetry/api-logs";
import type { Logger } from "@opentelemetry/api-logs";
import { isTauError } from "@tau/core";
import type { JsonObject, Observation, Observer } from "@tau/core";

import { createTextCleaner } from "./text-cleaner.ts";
import type { TextCleaner } from "./text-cleaner.ts";
import { tenantAttribute, toAttributes } from "./to-attributes.ts";

/** Options of {@link createOtelObserver}: where each kind of observation goes. One that is absent gets nothing. */
export interface OtelObserverOptions {
  readonly tracer?: Tracer;
  readonly meter?: Meter;
  readonly logger?: Logger;
  /**
   * Put the messages of unexpected errors into logs. They may hold anything, paths and prompts too. Default false:
   * the name of the error only. Codes and messages of `TauError`s are safe, and always there.
   */
  readonly errorMessages?: boolean;
}

/** Bounds that the semantic conventions for generative AI recommend, by unit. */
const boundaries: Readonly<Record<string, number[]>> = {
  s: [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92],
  "{token}": [
    1, 4, 16, 64, 256, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304, 16_777_216, 67_108_864,
  ],
};

/**
 * Makes an {@link Observer} that hands spans, measurements and logs to OpenTelemetry, whichever SDK and exporter you
 * set up. It needs their API only.
 *
 * Spans belong to the trace of the call's `traceId`. Who began that trace is not known here, so all of them hang below
 * one span id made of it. Prompts and answers never come here; tenants are on spans and logs, never on metrics. Texts that
 * providers and models choose, such as the name of the model that answered, have no secrets, no controls and 1,000 characters
 * at most.
 */
export function createOtelObserver(options: OtelObserverOptions): Observer {
  const { tracer, meter, logger } = options;
  const histograms = new Map<string, Histogram>();
  const clean = createTextCleaner();
  const cleanLabel = createTextCleaner({ keepsJoiners: false });

  return (observation) => {
    if (observation.span !== undefined) {
      if (tracer !== undefined) writeSpan(tracer, observation, { ...observation.span, clean });
    } else if (observation.metric !== undefined) {
      if (meter !== undefined)
        measure({ meter, histograms, clean: cleanLabel }, observation, observation.metric);
    } else if (logger !== undefined) {
      writeLog(logger, observation, { withMessages: options.errorMessages === true, clean });
    }
  };
}

/** What makes texts fit to be kept. */
interface Cleaning {
  readonly clean: TextCleaner;
}

function writeSpan(
  tracer: Tracer,
  { name, level, traceId, tenant, attributes }: Observation,
  { startedAt, durationMs, clean }: NonNullable<Observation["span"]> & Cleaning,
): void {
  const span = tracer.startSpan(
    clean(name),
    {
      kind: SpanKind.CLIENT,
      startTime: startedAt,
      attributes: { ...toAttributes(attributes, clean), ...tenantOf(tenant) },
    },
    contextOf(traceId),
  );
  const error = attributes["error.type"];
  if (level >= 13) {
    span.setStatus({
      code: SpanStatusCode.ERROR,
      ...(typeof error === "string" ? { message: clean(error) } : {}),
    });
  }
  span.end(startedAt + durationMs);
}

function measure(
  { meter, histograms, clean }: Cleaning & { meter: Meter; histograms: Map<string, Histogram> },
  { name, attributes }: Observation,
  { value, unit }: NonNullable<Observation["metric"]>,
): void {
  let histogram = histograms.get(name);
  if (histogram === undefined) {
    const explicitBucketBoundaries = boundaries[unit];
    const advice = explicitBucketBoundaries === undefined ? {} : { advice: { explicitBucketBoundaries } };
    histogram = meter.createHistogram(name, { unit, ...advice });
    histograms.set(name, histogram);
  }
  histogram.record(value, toAttributes(attributes, clean));
}

const severities: Readonly<Record<Observation["level"], SeverityNumber>> = {
  5: SeverityNumber.DEBUG,
  9: SeverityNumber.INFO,
  13: SeverityNumber.WARN,
  17: SeverityNumber.ERROR,
};

function writeLog(
  logger: Logger,
  { name, level, traceId, tenant, attributes, error }: Observation,
  { withMessages, clean }: Cleaning & { readonly withMessages: boolean },
): void {
  logger.emit({
    eventName: name,
    severityNumber: severities[level],
    attributes: {
      ...toAttributes(attributes, clean),
      ...tenantOf(tenant),
      ...toAttributes(errorOf(error, withMessages), clean),
    },
    context: contextOf(traceId),
  });
}

function tenantOf(tenant: string | undefined): Attributes {
  return tenant === undefined ? {} : { [tenantAttribute]: tenant };
}

function errorOf(error: unknown, withMessages: boolean): JsonObject {
  if (error === undefined) return {};
  if (isTauError(error)) return { "error.type": error.code, "exception.message": error.message };
  if (!(error instanceof Error)) return { "error.type": "_OTHER" };
  const type = { "error.type": error.name };
  return withMessages ? { ...type, "exception.message": error.message } : type;
}

/** All spans of a trace hang below one span, whose id is the second half of the trace's. */
function contextOf(traceId: string | undefined): Context {
  if (traceId === undefined || !/^(?=.*[1-9a-f])[0-9a-f]{32}$/u.test(traceId)) return ROOT_CONTEXT;
  const half = traceId.slice(16);
  const spanId = /^0+$/u.test(half) ? "0000000000000001" : half;
  return trace.setSpanContext(ROOT_CONTEXT, {
    traceId,
    spanId,
    traceFlags: TraceFlags.SAMPLED,
    isRemote: true,
  });
}
