import type { ReadyCall } from "../prepare-call.ts";
import type { ToolRun } from "../run-call.ts";
import type { ToolContext } from "../tool.ts";
import { answerKey, effectKey, flightKey } from "./call-keys.ts";
import { Flights } from "./flights.ts";
import { KeptAnswers } from "./kept-answers.ts";
import type { KeptAnswersOptions } from "./kept-answers.ts";

/** Runs a prepared call. */
export type RunTool = (ready: ReadyCall, context: ToolContext) => Promise<ToolRun>;

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
export function createReplayingRun(run: RunTool, options: KeptAnswersOptions): RunTool {
  const flights = new Flights();
  const answers = new KeptAnswers(options);

  const runShared = async (key: string, ready: ReadyCall, context: ToolContext): Promise<ToolRun> => {
    const { run: shared, led } = await flights.ride(key, context, (held) => run(ready, held));
    return led ? shared : again(shared, ready, "flight");
  };
  return async (ready, context) => {
    const { sideEffect, cache } = ready.tool;
    context.signal.throwIfAborted();
    if (sideEffect === "idempotent") {
      const key = effectKey(ready, context);
      const known = answers.get(key);
      if (known !== undefined) return again(known, ready, "key");
      const done = await runShared(key, ready, context);
      answers.set(key, done, effectTtlMs);
      return done;
    }
    if (sideEffect !== "pure") return await run(ready, context);
    const key = cache === undefined ? undefined : await answerKey(ready, context);
    const known = key === undefined ? undefined : answers.get(key);
    if (known !== undefined) return again(known, ready, "cache");
    const done = await runShared(key ?? flightKey(ready, context), ready, context);
    // A file that changed meanwhile has another key: the answer may be of either version.
    if (key !== undefined && cache !== undefined && key === (await answerKey(ready, context)))
      answers.set(key, done, cache.ttlMs);
    return done;
  };
}

/** The answer as that of another call. */
function again(run: ToolRun, { call }: ReadyCall, replayed: ToolRun["replayed"] & string): ToolRun {
  return { ...run, result: { ...run.result, callId: call.id, name: call.name }, replayed };
}
