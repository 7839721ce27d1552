import { isTauError, isTerminal, mayRunAgain, TauError, toErrorInfo } from "@tau/core";
import type { CallContext, Json, Observer } from "@tau/core";

import type { AgentConfig } from "./agent-config.ts";
import { defaultLimits } from "./agent-config.ts";
import { createContentArtifacts } from "./content-artifacts.ts";
import type { Clock } from "./clock.ts";
import type { ContentStore } from "./content-store.ts";
import type { EngineContext, Program } from "./engine.ts";
import type { LiveFeed } from "./live-feed.ts";
import { trimHistory } from "./model-step.ts";
import { fromEngineInput } from "./run-input.ts";
import type { RunInput } from "./run-input.ts";
import { runLoop } from "./run-loop.ts";
import type { RunEnd } from "./run-loop.ts";
import { runOf } from "./run-scope.ts";
import type { RunScope } from "./run-scope.ts";
import type { SessionLog } from "./session-log.ts";
import type { Sessions } from "./sessions.ts";
import { leavesUnfinished } from "./settle-step.ts";

/** Collaborators of the run program. */
export interface RunProgramHost {
  readonly agents: ReadonlyMap<string, AgentConfig>;
  readonly sessions: Sessions;
  readonly content: ContentStore;
  readonly feed: LiveFeed;
  readonly clock: Clock;
  readonly observer: Observer;
}

/** Makes the program that the engine runs for every prompt: begin or take up again, loop, write the end. */
export function createRunProgram(host: RunProgramHost): Program {
  return async (engine, input) => {
    const request = fromEngineInput(input);
    const log = await host.sessions.open(engine.tenant, request.sessionId, new AbortController().signal);
    try {
      return await runOnce(host, engine, request, log);
    } catch (error) {
      // The log may be ahead of the journal now: whoever comes next reads it anew.
      host.sessions.forget(engine.tenant, request.sessionId);
      throw error;
    } finally {
      host.feed.settle(`${engine.tenant}/${request.sessionId}`);
    }
  };
}

async function runOnce(
  host: RunProgramHost,
  engine: EngineContext,
  request: RunInput,
  log: SessionLog,
): Promise<Json> {
  const { run } = log.state;
  if (run?.runId === engine.runId && isTerminal(run.status)) return { status: run.status };

  const agent = host.agents.get(request.agent);
  if (agent === undefined) throw agentNotFound(request.agent, host.agents);
  await using timer = createRunTimer(engine, host.clock, request, agent);
  const scope = await openScope(host, { engine, request, log, agent, signal: timer.signal });
  begin(scope, request);
  await log.commit();
  const end = await endOf(scope);
  const { steps, usage, costMicroUsd } = runOf(scope);
  log.record({ type: "run_finished", runId: scope.runId, ...end, steps, usage, costMicroUsd });
  await log.commit();
  await log.checkpoint();
  return { status: end.status };
}

async function endOf(scope: RunScope): Promise<RunEnd> {
  try {
    return await runLoop(scope);
  } catch (error) {
    const { signal } = scope.call;
    if (signal.aborted) {
      if (leavesUnfinished(signal.reason)) throw error;
      return endOfAborted(signal.reason);
    }
    // Without its journal a run cannot even say that it failed: the engine takes it up again later.
    if (isTauError(error) && error.code.startsWith("journal.")) throw error;
    scope.observer({
      name: "run.failed",
      level: 17,
      traceId: scope.call.traceId,
      tenant: scope.call.tenant,
      attributes: {},
      error,
    });
    return { status: "failed", reason: "error", error: toErrorInfo(error) };
  }
}

function endOfAborted(reason: unknown): RunEnd {
  const code = isTauError(reason) ? reason.code : "";
  if (code === "run.time_limit") return { status: "failed", reason: "limit_time" };
  if (code === "run.deadline") return { status: "cancelled", reason: "deadline" };
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
    trimHistory(scope, false);
    return;
  }
  const interrupted = runOf(scope).effects.filter(
    ({ started, finished }) => started !== undefined && finished === undefined,
  );
  const rerunEffects = interrupted
    .filter(({ started }) => started !== undefined && mayRunAgain(started.sideEffect))
    .map(({ effectId }) => effectId);
  log.record({ type: "run_resumed", runId, rerunEffects });
}

interface ScopeParts {
  readonly engine: EngineContext;
  readonly request: RunInput;
  readonly log: SessionLog;
  readonly agent: AgentConfig;
  readonly signal: AbortSignal;
}

async function openScope(host: RunProgramHost, parts: ScopeParts): Promise<RunScope> {
  const { engine, request, log, agent, signal } = parts;
  const { tenant } = engine;
  const { sessionId } = request;
  const environment = await agent.openEnvironment({ tenant, sessionId });
  const call: CallContext = {
    tenant,
    principal: request.principal,
    traceId: request.traceId,
    sessionId,
    signal,
    ...(request.deadline === undefined ? {} : { deadline: request.deadline }),
  };
  return {
    runId: engine.runId,
    agent,
    limits: { ...defaultLimits, ...agent.limits, ...request.limits },
    log,
    engine,
    environment,
    policy: agent.policyFor(environment.info),
    artifacts: createContentArtifacts(host.content, tenant),
    inbox: host.sessions.inbox(tenant, sessionId),
    feed: host.feed,
    clock: host.clock,
    observer: host.observer,
    call,
    prepared: new Map(),
  };
}

interface RunTimer extends AsyncDisposable {
  readonly signal: AbortSignal;
}

/** A signal that also aborts at the deadline and at the limit of wall clock. */
function createRunTimer(
  engine: EngineContext,
  clock: Clock,
  request: RunInput,
  agent: AgentConfig,
): RunTimer {
  const maxDurationMs = request.limits.maxDurationMs ?? agent.limits?.maxDurationMs;
  const until = [
    ...(maxDurationMs === undefined ? [] : [{ ms: maxDurationMs, error: timeLimit(maxDurationMs) }]),
    ...(request.deadline === undefined
      ? []
      : [{ ms: request.deadline - clock.now(), error: deadlinePassed() }]),
  ];
  if (until.length === 0) return { signal: engine.signal, [Symbol.asyncDispose]: async () => undefined };
  const limit = new AbortController();
  const stop = new AbortController();
  const timers = until.map(async ({ ms, error }) => {
    try {
      await clock.sleep(Math.max(0, ms), stop.signal);
      limit.abort(error);
    } catch {
      // Stopped: the run ended first.
    }
  });
  return {
    signal: AbortSignal.any([engine.signal, limit.signal]),
    async [Symbol.asyncDispose]() {
      stop.abort();
      await Promise.all(timers);
    },
  };
}

function timeLimit(ms: number): TauError {
  return new TauError("run.time_limit", `The run took longer than its limit of ${ms} ms.`, {
    class: "cancelled",
  });
}

function deadlinePassed(): TauError {
  return new TauError("run.deadline", "The caller's deadline passed before the run ended.", {
    class: "cancelled",
  });
}

/** The error for an agent that is not configured. */
export function agentNotFound(name: string, agents: ReadonlyMap<string, AgentConfig>): TauError {
  const known = [...agents.keys()].join(", ");
  return new TauError(
    "agent.not_found",
    `agent ${JSON.stringify(name)} is not configured; there is: ${known}.`,
  );
}
