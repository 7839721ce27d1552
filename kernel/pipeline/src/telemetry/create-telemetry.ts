import { hash } from "node:crypto";
import { performance } from "node:perf_hooks";

import { silentObserver } from "@tau/core";
import type { Observer } from "@tau/core";
import { compilePatterns, secretPatterns } from "@tau/core/secrets";
import type { CompiledPatterns } from "@tau/core/secrets";

import type { Layer } from "../layer.ts";
import type { PipelineCall } from "../pipeline-call.ts";
import { redactText } from "../redaction/text-redactor.ts";
import { watchStream } from "../watch-stream.ts";
import type { StreamEnd } from "../stream-watch.ts";
import type { CallBody, CallEventStore } from "./call-event-store.ts";
import { outcomeOf } from "./call-outcome.ts";
import type { CallOutcome } from "./call-outcome.ts";
import { EventWriter } from "./event-writer.ts";
import { LabelLimits } from "./label-limits.ts";
import { observeSafely } from "../observe-safely.ts";
import { observeCall } from "./observe-call.ts";
import { toCallEvent } from "./to-call-event.ts";
import type { BodyRefs } from "./to-call-event.ts";

/** Options of {@link createTelemetry}. */
export interface TelemetryOptions {
  /** Gets a span and the metrics of each call. Default: nobody. */
  readonly observer?: Observer;
  /** Keeps one event of each call. Default: nobody. */
  readonly events?: CallEventStore;
  /** `extended` also keeps prompts and answers, secrets cut out. Default: limited. */
  readonly persistence?: "limited" | "extended";
  /** Free words for the event, for example the name of an experiment. */
  readonly tagsOf?: (call: PipelineCall) => readonly string[];
  /** Values that one label of a metric may have. Default 100. */
  readonly maxLabelValues?: number;
  /** Events that may wait for the store; further ones are lost, with a warning. Default 10,000. */
  readonly maxQueued?: number;
}

/** Tells of calls. Disposing waits until all events are written. */
export interface Telemetry extends AsyncDisposable {
  readonly layer: Layer;
  /** Events that are not yet written. */
  readonly pending: () => number;
  /** Resolves when all events so far are written, or lost. */
  flush(): Promise<void>;
}

/**
 * Makes the outermost layer: it sees whatever becomes of a call, and tells of it exactly once, when it ends: in its
 * answer, out of the cache, in a failure of any layer, or because the caller left. It never changes a call.
 */
export function createTelemetry(options: TelemetryOptions = {}): Telemetry {
  const { observer = silentObserver, events, maxQueued = 10_000 } = options;
  const writer = events && new EventWriter(events, observer, maxQueued);
  const limits = new LabelLimits(options.maxLabelValues ?? 100);
  const patterns = options.persistence === "extended" ? compilePatterns(secretPatterns) : undefined;
  const isSilent = observer === silentObserver;

  function tell(outcome: CallOutcome): void {
    if (!isSilent) observeCall(observer, outcome, limits);
    if (writer === undefined) return;
    const bodies = patterns === undefined ? noBodies : bodiesOf(outcome, patterns);
    const event = toCallEvent(outcome, bodies, options.tagsOf?.(outcome.call) ?? noTags);
    writer.add({ event, bodies: bodies.bodies });
  }

  /** Whatever goes wrong here is not the call's affair. */
  function tellSafely(call: PipelineCall, end: StreamEnd, firstBatchMs: number | undefined): void {
    try {
      tell(outcomeOf(call, end, firstBatchMs));
    } catch (error) {
      const { traceId, tenant } = call.context;
      observeSafely(observer, {
        name: "telemetry.failed",
        level: 13,
        traceId,
        tenant,
        attributes: {},
        error,
      });
    }
  }

  const layer: Layer = {
    name: "telemetry",
    wrap: (next) => (call) => {
      let firstBatchMs: number | undefined;
      return watchStream({
        open: () => next(call),
        seen() {
          firstBatchMs ??= performance.now() - call.record.startedMs;
        },
        ended: (end) => tellSafely(call, end, firstBatchMs),
      });
    },
  };

  return {
    layer,
    pending: () => writer?.pending ?? 0,
    async flush() {
      await writer?.flush();
    },
    async [Symbol.asyncDispose]() {
      await writer?.flush();
    },
  };
}

/** The layer of {@link createTelemetry} alone, where there are no events to wait for. */
export function telemetryLayer(options: Omit<TelemetryOptions, "events" | "persistence"> = {}): Layer {
  return createTelemetry(options).layer;
}

interface Bodies extends BodyRefs {
  readonly bodies: readonly CallBody[];
}

const noBodies: Bodies = { bodies: [] };
const noTags: readonly string[] = [];

function bodiesOf({ call, answer }: CallOutcome, patterns: CompiledPatterns): Bodies {
  const { tenant } = call.context;
  const request = toBody(tenant, call.request, patterns);
  if (answer === undefined) return { requestRef: request.ref, bodies: [request] };
  const response = toBody(tenant, answer.message, patterns);
  return { requestRef: request.ref, responseRef: response.ref, bodies: [request, response] };
}

function toBody(tenant: string, value: object, patterns: CompiledPatterns): CallBody {
  const data = new TextEncoder().encode(redactText(JSON.stringify(value), patterns));
  return { ref: { tenant, sha256: hash("sha256", data, "hex"), bytes: data.length }, data };
}
