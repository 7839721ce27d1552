import { isTauError, isTerminal, mayRunAgain, noUsage, TauError, textOf, toErrorInfo } from "@tau/core";
import type { SessionEvent } from "@tau/core";
import { activeMsOf } from "@tau/session";

import type { EngineContext, Program } from "./engine.ts";
import { closeRun, openRun } from "./open-run.ts";
import type { RunParts } from "./open-run.ts";
import type { LiveChannel } from "./live-feed.ts";
import type { RunHost } from "./run-host.ts";
import { fromEngineInput } from "./run-input.ts";
import type { RunInput } from "./run-input.ts";
import { runBeforeRun } from "./run-hooks.ts";
import { runLoop } from "./run-loop.ts";
import type { RunEnd } from "./run-loop.ts";
import { runOf } from "./run-scope.ts";
import type { RunScope } from "./run-scope.ts";
import { createRunTimer } from "./run-timer.ts";
import type { RunTimer } from "./run-timer.ts";
import type { SessionLog } from "./session-log.ts";
import { leavesUnfinished } from "./perform-effect.ts";
import { closeOpenEffects } from "./settle-unknown.ts";

// A session is opened also by a run that was cancelled: it has its end to write.
const never = new AbortController().signal;

/**
 * Makes the program that the engine runs for every prompt: begin or take up again, loop, write the end. It throws only when
 * the run is to be taken up again later. One function, which is there as long as the run: each one more, and what `await
 * using` keeps, would take memory of every run that is held open.
 */
export function createRunProgram(host: RunHost): Program {
  return async (engine, input) => {
    const request = fromEngineInput(input);
    const log = await host.sessions.open(engine, request.sessionId, never);
    let timer: RunTimer | undefined;
    let channel: LiveChannel | undefined;
    let scope: RunScope | undefined;
    let end: RunEnd;
    try {
      const { run } = log.state;
      if (run?.runId === engine.runId && isTerminal(run.status)) return { status: run.status };
      try {
        try {
          const agent = await host.agents.get(request.agent);
          timer = timerOf(host, engine, { request, log, agent });
          channel = host.feed.open(engine.tenant, request.sessionId);
          scope = await openRun(host, { engine, request, log, agent, timer, channel });
          begin(scope, request);
          await log.commit();
          await passGates(scope, request);
          end = await runLoop(scope);
        } finally {
          if (scope !== undefined) await closeRun(host, scope);
          channel?.[Symbol.dispose]();
          await timer?.[Symbol.asyncDispose]();
        }
      } catch (error) {
        end = endOfFailed(host, { engine, request, log, signal: timer?.signal ?? engine.signal }, error);
      }
      recordEnd(log, engine.runId, end);
      return { status: end.status };
    } catch (error) {
      // The log may be ahead of the journal now: whoever comes next reads it anew.
      host.sessions.forget(engine.tenant, request.sessionId);
      throw error;
    }
  };
}

/** Writes the end of the run, with that of its engine. */
function recordEnd(log: SessionLog, runId: string, end: RunEnd): void {
  closeOpenEffects(log, runId);
  const { steps, usage, costMicroUsd } = log.state.run ?? { steps: 0, usage: noUsage, costMicroUsd: 0 };
  log.record({ type: "run_finished", runId, ...end, steps, usage, costMicroUsd });
  log.commitLast();
}

interface FailedRun extends Pick<RunParts, "engine" | "request" | "log"> {
  /** The run's, or the engine's while it had none. */
  readonly signal: AbortSignal;
}

/** The end of a run that threw `error`. @throws `error`, when the run is to be taken up again later */
function endOfFailed(host: RunHost, { engine, request, log, signal }: FailedRun, error: unknown): RunEnd {
  if (signal.aborted && leavesUnfinished(signal.reason)) throw error;
  // Without its journal a run cannot even say that it failed: the engine takes it up again later.
  if (isTauError(error) && error.code.startsWith("journal.")) throw error;
  if (log.state.run?.runId !== engine.runId) log.record(startedNowhere(engine, request));
  if (signal.aborted) return endOfAborted(signal.reason);
  // A pipeline keeps the same deadline by a timer of its own, which may be the first.
  if (isTauError(error) && error.code === "pipeline.deadline") return endOfAborted(error);
  const { tenant } = engine;
  host.observer({ name: "run.failed", level: 17, traceId: request.traceId, tenant, attributes: {}, error });
  return { status: "failed", reason: "error", error: toErrorInfo(error) };
}

/** Lets hooks decide whether the run may begin. @throws TauError `run.blocked`, `hook.failed` */
async function passGates(scope: RunScope, { prompt }: RunInput): Promise<void> {
  if (runOf(scope).steps > 0 || (scope.agent.hooks ?? []).length === 0) return;
  const notes = await runBeforeRun(scope, textOf(prompt));
  if (notes.length === 0) return;
  const entries = notes.map(({ hook, note }) => ({ key: `hook:${hook}`, content: note }));
  const { inboxSeq } = scope.log.state;
  scope.log.record({ type: "context_injected", runId: scope.runId, entries, inboxSeq });
}

function timerOf(
  { clock }: RunHost,
  { runId, signal }: EngineContext,
  { request, log, agent }: Pick<RunParts, "request" | "log" | "agent">,
): RunTimer {
  const { run, updatedAt } = log.state;
  return createRunTimer({
    signal,
    clock,
    maxDurationMs: request.limits.maxDurationMs ?? agent.limits?.maxDurationMs,
    spentMs: run?.runId === runId ? activeMsOf(run, updatedAt) : 0,
    deadline: request.deadline,
  });
}

function endOfAborted(reason: unknown): RunEnd {
  const code = isTauError(reason) ? reason.code : "";
  if (code === "run.time_limit") return { status: "failed", reason: "limit_time" };
  if (code === "run.deadline" || code === "pipeline.deadline")
    return { status: "cancelled", reason: "deadline" };
  return { status: "cancelled", reason: "cancelled" };
}

/** Writes how the run begins, or that it goes on. */
function begin(scope: RunScope, request: RunInput): void {
  const { log, runId, environment } = scope;
  if (log.state.run?.runId !== runId) {
    log.record({
      type: "run_started",
      runId,
      agent: scope.agent.name,
      principal: request.principal.id,
      prompt: request.prompt,
      limits: scope.limits,
      environment: environment.info.kind,
      profile: environment.info.profileHash,
    });
    return;
  }
  assertSameProfile(scope);
  const interrupted = runOf(scope).effects.filter(
    ({ started, finished }) => started !== undefined && finished === undefined,
  );
  const rerunEffects = interrupted
    .filter(({ started }) => started !== undefined && mayRunAgain(started.sideEffect))
    .map(({ effectId }) => effectId);
  log.record({ type: "run_resumed", runId, rerunEffects });
}

/** A run that began confined must not go on with more, because whoever takes it up was started with more. */
function assertSameProfile(scope: RunScope): void {
  const { environment, profile } = runOf(scope);
  const { info } = scope.environment;
  if (environment === info.kind && profile === info.profileHash) return;
  throw new TauError(
    "run.profile_changed",
    `The run began in the environment "${environment}" under another profile than "${info.kind}" has now, so it does not go on. Start a new run in the session, or go on with the settings it began with.`,
  );
}

/** The start of a run that got no environment: its agent, rules or sandbox could not be had. */
function startedNowhere(engine: EngineContext, { agent, principal, prompt, limits }: RunInput): SessionEvent {
  const [environment, profile] = ["none", "none"];
  return {
    type: "run_started",
    runId: engine.runId,
    agent,
    principal: principal.id,
    prompt,
    limits,
    environment,
    profile,
  };
}
