import type { CallContext } from "@tau/core";
import type { Environment } from "@tau/tools";

import { defaultLimits } from "./agent-config.ts";
import type { AgentConfig } from "./agent-config.ts";
import { createContentArtifacts } from "./content-artifacts.ts";
import { defaultPolicy } from "./default-policy.ts";
import type { EngineContext } from "./engine.ts";
import { noEnvironment } from "./no-environment.ts";
import type { RunInput } from "./run-input.ts";
import type { RunHost } from "./run-host.ts";
import type { RunScope } from "./run-scope.ts";
import type { SessionLog } from "./session-log.ts";

/** What a run is made of. */
export interface RunParts {
  readonly engine: EngineContext;
  readonly request: RunInput;
  readonly log: SessionLog;
  readonly agent: AgentConfig;
  readonly signal: AbortSignal;
}

/** A run's scope; disposing of it closes the environment. */
export interface OpenedRun extends AsyncDisposable {
  readonly scope: RunScope;
}

/** Opens the environment and the rules of a run. Throws what the agent's configuration throws. */
export async function openRun(host: RunHost, parts: RunParts): Promise<OpenedRun> {
  const { engine, request, log, agent, signal } = parts;
  const { tenant } = engine;
  const { sessionId } = request;
  const { bootstrap } = log.state;
  const opened = await agent.openEnvironment?.({ tenant, sessionId, bootstrap, signal });
  return {
    scope: scopeOf(host, parts, opened ?? noEnvironment),
    [Symbol.asyncDispose]: async () => await opened?.[Symbol.asyncDispose]?.(),
  };
}

function scopeOf(host: RunHost, parts: RunParts, environment: Environment): RunScope {
  const { engine, request, log, agent, signal } = parts;
  const { tenant } = engine;
  const { sessionId } = request;
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
    policy: agent.policyFor?.(environment.info) ?? defaultPolicy,
    artifacts: createContentArtifacts(host.content, tenant),
    inbox: host.sessions.inbox(tenant, sessionId),
    feed: host.feed,
    clock: host.clock,
    observer: host.observer,
    call,
    prepared: new Map(),
  };
}
