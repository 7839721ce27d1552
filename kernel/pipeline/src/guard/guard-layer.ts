import { silentObserver } from "@tau/core";
import type { ModelEvent, Observer } from "@tau/core";

import type { Handler, Layer, ModelStream } from "../layer.ts";
import { observeSafely } from "../observe-safely.ts";
import type { PipelineCall } from "../pipeline-call.ts";
import { watchStream } from "../watch-stream.ts";
import { FastLane } from "./fast-lane.ts";
import type { FastLaneOptions } from "./fast-lane.ts";
import type { GuardFacts } from "./guard-facts.ts";
import { blocked, startClassification } from "./slow-lane.ts";
import type { SlowLaneOptions } from "./slow-lane.ts";

/** Options of {@link guardLayer}. */
export interface GuardOptions {
  readonly fast?: FastLaneOptions;
  /** Default: there is none. */
  readonly slow?: SlowLaneOptions;
  /** Hears of findings, by name only, and of failures of the slow lane. */
  readonly observer?: Observer;
}

/**
 * Looks at a prompt before it leaves: in line for hidden characters, secrets and suspicious words, and beside the
 * call with a classifier that can cancel it. Text files are looked into that come with the request, whatever of JSON, XML, YAML
 * and such they are, in UTF-8 or in UTF-16 with a byte order mark; other files, other encodings and files that are only addresses
 * leave as they are.
 *
 * @throws TauError (from the stream) `guard.blocked`, and `guard.unavailable` when a failed slow lane is told to block
 */
export function guardLayer({ fast = {}, slow, observer = silentObserver }: GuardOptions = {}): Layer {
  const lane = new FastLane(fast);

  function observe(call: PipelineCall, name: string, more: { readonly error?: unknown } = {}): void {
    const { traceId, tenant } = call.context;
    const findings = call.record.guard?.findings.map((finding) => `${finding.name} ${finding.action}`) ?? [];
    observeSafely(observer, { name, level: 13, traceId, tenant, attributes: { findings }, ...more });
  }

  function open(next: Handler, call: PipelineCall): ModelStream {
    const { request, findings } = lane.screen(call.request);
    const facts: GuardFacts = { findings: [...findings], slowLane: undefined, score: undefined };
    call.record.guard = facts;
    if (findings.length > 0) observe(call, "guard.findings");
    const blocking = findings.filter(({ action }) => action === "blocked");
    if (blocking.length > 0) throw blocked(blocking.map(({ name }) => name));
    const screened = request === call.request ? call : { ...call, request };
    if (slow === undefined) return next(screened);
    const failed = (error: unknown): void => observe(call, "guard.slow_lane_failed", { error });
    return classifiedStream(next, screened, { facts, slow: { ...slow, failed } });
  }

  return { name: "guard", wrap: (next) => (call) => watchStream({ open: () => open(next, call) }) };
}

interface SlowLane {
  readonly facts: GuardFacts;
  readonly slow: SlowLaneOptions & { readonly failed: (error: unknown) => void };
}

async function* classifiedStream(
  next: Handler,
  call: PipelineCall,
  { facts, slow }: SlowLane,
): AsyncGenerator<readonly ModelEvent[]> {
  using classification = startClassification(call, facts, slow);
  const { signal, verdict } = classification;
  if (slow.mode === "before") {
    await verdict;
    signal.throwIfAborted();
  }
  for await (const batch of next({ ...call, context: { ...call.context, signal } })) {
    // Nobody acts on a whole answer, or on its tool calls, before the verdict.
    if (batch.at(-1)?.type === "finished") await verdict;
    yield batch;
  }
}
