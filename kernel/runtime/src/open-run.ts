import { FewSet, RareMap } from "@tau/core";
import type { CallContext } from "@tau/core";
import type { Environment, EnvironmentInfo, PermissionPolicy } from "@tau/tools";
import { createFlowControl } from "@tau/tools/flow";
import type { FlowControl } from "@tau/tools/flow";

import { defaultLimits } from "./agent-config.ts";
import type { AgentConfig } from "./agent-config.ts";
import { createContentArtifacts } from "./content-artifacts.ts";
import { defaultPolicy } from "./default-policy.ts";
import type { EngineContext } from "./engine.ts";
import type { LiveChannel } from "./live-feed.ts";
import { noEnvironment } from "./no-environment.ts";
import { createRunGrants, noGrants } from "./run-grants.ts";
import type { RunGrants } from "./run-grants.ts";
import type { RunInput } from "./run-input.ts";
import type { RunHost } from "./run-host.ts";
import type { RunScope } from "./run-scope.ts";
import { createRunTaints } from "./run-taints.ts";
import type { RunTimer } from "./run-timer.ts";
import type { SessionLog } from "./session-log.ts";
import { untilAborted } from "./until-aborted.ts";

// An environment that cannot be closed must not keep its session from ever running again.
const closeTimeoutMs = 5_000;

/** What a run is made of. */
export interface RunParts {
  readonly engine: EngineContext;
  readonly request: RunInput;
  readonly log: SessionLog;
  readonly agent: AgentConfig;
  readonly timer: RunTimer;
  readonly channel: LiveChannel;
}

type OpenedEnvironment = Environment & Partial<AsyncDisposable>;

/** Whose environment it is. */
type Whose = Pick<CallContext, "tenant" | "traceId">;

/** Opens the environment and the rules of a run, which {@link closeRun} closes. Throws what the agent's configuration throws. */
export async function openRun(host: RunHost, parts: RunParts): Promise<RunScope> {
  const environment = await openEnvironment(host, parts);
  try {
    return scopeOf(host, parts, { environment, grants: await grantsOf(host, parts) });
  } catch (error) {
    await closeEnvironment(host, whoseOf(parts), environment);
    throw error;
  }
}

/** Closes what {@link openRun} opened, and what tools left open. Never throws. */
export async function closeRun(host: RunHost, scope: RunScope): Promise<void> {
  const { call, closers, taints, environment } = scope;
  if (closers.size > 0) await Promise.all(closers.values().map((closer) => closeWithin(host, call, closer)));
  // The run's own signal may have aborted; what is not settled in time stays marked.
  if (taints?.isOpen === true)
    await closeWithin(host, call, async () => await taints.end(AbortSignal.timeout(closeTimeoutMs)));
  await closeEnvironment(host, call, environment);
}

function whoseOf({ engine: { tenant }, request: { traceId } }: RunParts): Whose {
  return { tenant, traceId };
}

async function openEnvironment(host: RunHost, parts: RunParts): Promise<OpenedEnvironment> {
  const { engine, request, log, agent, timer } = parts;
  const { tenant } = engine;
  const { sessionId } = request;
  const { bootstrap } = log.state;
  const opening = agent.openEnvironment?.({ tenant, sessionId, bootstrap, signal: timer.signal });
  if (opening === undefined) return noEnvironment;
  try {
    return await untilAborted(opening, timer.signal);
  } catch (error) {
    // What comes after its run is gone is closed again.
    opening.then((late) => closeEnvironment(host, whoseOf(parts), late)).catch(() => undefined);
    throw error;
  }
}

async function closeEnvironment(host: RunHost, whose: Whose, environment: OpenedEnvironment): Promise<void> {
  // Many have nothing to close, and a clock that is stopped again costs more than all else at the end of a run.
  if (environment[Symbol.asyncDispose] === undefined) return;
  await closeWithin(host, whose, async () => await environment[Symbol.asyncDispose]?.());
}

/** Closes something within a time; what goes wrong is for the log. */
async function closeWithin(
  host: RunHost,
  { tenant, traceId }: Whose,
  close: () => Promise<void>,
): Promise<void> {
  const closed = new AbortController();
  const giveUp = async (): Promise<void> => {
    await host.clock.sleep(closeTimeoutMs, closed.signal);
    throw new Error(`Closing took longer than ${closeTimeoutMs} ms.`);
  };
  try {
    await Promise.race([close(), giveUp()]);
  } catch (error) {
    host.observer({ name: "environment.close_failed", level: 13, tenant, traceId, attributes: {}, error });
  } finally {
    closed.abort(runEnded);
  }
}

// One for all: making an abort's default reason costs a stack trace.
const runEnded = new Error("The run ended.");

/** What the caller allowed for longer than once, if the agent has such answers. */
async function grantsOf(host: RunHost, { agent, engine, request, timer }: RunParts): Promise<RunGrants> {
  if (agent.keepsGrants !== true) return noGrants;
  const { sessionId, principal } = request;
  const owner = { tenant: engine.tenant, principal: principal.id, sessionId };
  const grants = createRunGrants(host.grants, host.clock, owner);
  await grants.refresh(timer.signal, true);
  return grants;
}

const noRuns: readonly string[] = [];

interface OpenedParts {
  readonly environment: Environment;
  readonly grants: RunGrants;
}

function scopeOf(host: RunHost, parts: RunParts, { environment, grants }: OpenedParts): RunScope {
  const { engine, request, log, agent, timer } = parts;
  const { tenant } = engine;
  const { sessionId } = request;
  const flow = flowOf(agent, environment);
  const call: CallContext = {
    tenant,
    principal: request.principal,
    traceId: request.traceId,
    sessionId,
    // Not by spreading, which leaves room for a dozen more in every run.
    runPath: (request.runPath ?? noRuns).concat(engine.runId),
    signal: timer.signal,
    ...(request.deadline === undefined ? {} : { deadline: request.deadline }),
  };
  return {
    runId: engine.runId,
    agent,
    limits: { ...defaultLimits, ...agent.limits, ...request.limits },
    log,
    engine,
    environment,
    policy: policyOf(parts, { environment, grants }),
    ...flow,
    ...(flow.flow === undefined || environment === noEnvironment
      ? {}
      : {
          taints: createRunTaints({ store: host.taints, clock: host.clock, environment, tenant, sessionId }),
        }),
    tools: agent.tools.viewFor({
      principal: request.principal,
      ...(agent.role === undefined ? {} : { role: agent.role }),
    }),
    artifacts: createContentArtifacts(host.content, tenant),
    grants,
    inbox: host.sessions.inbox(tenant, sessionId),
    channel: parts.channel,
    clock: host.clock,
    observer: host.observer,
    call,
    timer,
    closers: new FewSet(),
    prepared: new RareMap(),
    held: new RareMap(),
  };
}

function policyOf(
  { engine, log, agent }: RunParts,
  { environment, grants }: Pick<OpenedParts, "environment" | "grants">,
): PermissionPolicy {
  const run = { runId: engine.runId, bootstrap: log.state.bootstrap, kept: () => log.state.kept };
  return agent.policyFor?.(environment.info, () => grants.current(), run) ?? defaultPolicy;
}

function flowOf(agent: AgentConfig, { info }: Environment): Pick<RunScope, "flow"> {
  const options = agent.flowFor?.(info);
  if (options === undefined) return { flow: usualFlow(info) };
  return options === "off" ? {} : { flow: createFlowControl(info, options) };
}

const usualFlows = new WeakMap<EnvironmentInfo, FlowControl>();

/** Without options of its own, a run's is that of its environment: one for all runs in it. */
function usualFlow(info: EnvironmentInfo): FlowControl {
  const flow = usualFlows.get(info) ?? createFlowControl(info, {});
  usualFlows.set(info, flow);
  return flow;
}
