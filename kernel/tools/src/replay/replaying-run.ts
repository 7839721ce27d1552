import type { ExecutionRequest } from "../execution.ts";
import type { ReadyCall } from "../prepare-call.ts";
import type { StartedCall, ToolRun } from "../run-call.ts";
import type { ToolContext } from "../tool.ts";
import { answerKey, effectKey, flightKey } from "./call-keys.ts";
import { Flights } from "./flights.ts";
import type { FlightKey } from "./flights.ts";
import { KeptAnswers } from "./kept-answers.ts";
import type { KeptAnswersOptions } from "./kept-answers.ts";

/** Runs a prepared call. */
export type RunTool = (ready: ReadyCall, context: ToolContext) => Promise<ToolRun>;

/** Options of {@link createReplayingRun}. */
export interface ReplayingRunOptions extends KeptAnswersOptions {
  /** Runs a call for its one caller. */
  readonly run: RunTool;
  /** Starts one that several callers may come to wait for. */
  readonly start: (ready: ReadyCall, request: ExecutionRequest) => StartedCall;
}

/** How long a process remembers what an idempotent effect answered. */
const effectTtlMs = 24 * 60 * 60 * 1_000;

/**
 * Runs calls, and gives an answer again where that is as good as running:
 *
 * - a pure call joins an equal one of the same session that is under way;
 * - a pure tool with `cache` answers from what it kept, for the same tenant and rights, and the same files;
 * - an idempotent effect that is run again under its key, with the same arguments, gets its answer again;
 * - anything else is run. What was answered with an error is never given again.
 */
export function createReplayingRun({ run, start, ...options }: ReplayingRunOptions): RunTool {
  const flights = new Flights();
  const answers = new KeptAnswers(options);

  const runShared = (key: FlightKey, ready: ReadyCall, context: ToolContext): Promise<ToolRun> =>
    flights.join(key, context)?.then((shared) => again(shared, ready, "flight")) ??
    flights.begin(key, context, (held, progress) => start(ready, { context: held, progress }));

  const runEffect = async (ready: ReadyCall, context: ToolContext): Promise<ToolRun> => {
    const key = effectKey(ready, context);
    const known = answers.get(key);
    if (known !== undefined) return again(known, ready, "key");
    const done = await runShared(exactly(key), ready, context);
    answers.set(key, done, effectTtlMs);
    return done;
  };

  const runCached = async (ready: ReadyCall, context: ToolContext, ttlMs: number): Promise<ToolRun> => {
    const key = await answerKey(ready, context);
    if (key === undefined) return await runShared(flightKey(ready, context), ready, context);
    const known = answers.get(key);
    if (known !== undefined) return again(known, ready, "cache");
    const done = await runShared(exactly(key), ready, context);
    // A file that changed meanwhile has another key: the answer may be of either version.
    if (key === (await answerKey(ready, context))) answers.set(key, done, ttlMs);
    return done;
  };

  return (ready, context) => {
    const { sideEffect, cache } = ready.tool;
    if (context.signal.aborted) return Promise.reject(context.signal.reason);
    if (sideEffect === "idempotent") return runEffect(ready, context);
    if (sideEffect !== "pure") return run(ready, context);
    if (cache !== undefined) return runCached(ready, context, cache.ttlMs);
    return runShared(flightKey(ready, context), ready, context);
  };
}

function exactly(key: string): FlightKey {
  return { place: key, exact: () => key };
}

/** The answer as that of another call. */
function again(run: ToolRun, { call }: ReadyCall, replayed: ToolRun["replayed"] & string): ToolRun {
  return { ...run, result: { ...run.result, callId: call.id, name: call.name }, replayed };
}
