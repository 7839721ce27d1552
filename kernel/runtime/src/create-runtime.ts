import { assertTenant, silentObserver, TauError } from "@tau/core";
import type { CallContext, Observer } from "@tau/core";

import type { AgentConfig } from "./agent-config.ts";
import { createAgentRegistry } from "./agent-registry.ts";
import type { AgentRegistry } from "./agent-registry.ts";
import { createAttach } from "./attach.ts";
import { systemClock } from "./clock.ts";
import type { Clock } from "./clock.ts";
import type { ContentStore } from "./content-store.ts";
import type { Engine, RunRef } from "./engine.ts";
import { createFileTaints } from "./file-taints.ts";
import { createGrants } from "./grants.ts";
import type { Grants } from "./grants.ts";
import type { Journal } from "./journal.ts";
import { guardedObserver } from "./guarded-observer.ts";
import { createLiveFeed } from "./live-feed.ts";
import { createRunPlaces } from "./run-places.ts";
import { createRunProgram } from "./run-program.ts";
import { respond } from "./respond.ts";
import type { Runtime } from "./runtime.ts";
import { createSessionDirectory } from "./session-directory.ts";
import { createSessions } from "./sessions.ts";
import { runProgram, startRun } from "./start-run.ts";
import type { StartRunHost } from "./start-run.ts";

/** Options of {@link createRuntime}. */
export interface RuntimeOptions {
  readonly journal: Journal;
  readonly content: ContentStore;
  /** The runtime registers its program with it; whoever made the engine disposes of it. */
  readonly engine: Engine;
  /** The first one is the default. A registry may change while the runtime runs. */
  readonly agents: readonly [AgentConfig, ...AgentConfig[]] | AgentRegistry;
  readonly clock?: Clock;
  readonly observer?: Observer;
  /** Sessions kept in memory between runs. Default 200. */
  readonly maxSessionsInMemory?: number;
}

/** Makes the {@link Runtime}: the door to sessions and runs. */
export function createRuntime(options: RuntimeOptions): Runtime {
  const { journal, content, engine, clock = systemClock } = options;
  const observer = guardedObserver(options.observer ?? silentObserver);
  const agents = "register" in options.agents ? options.agents : createAgentRegistry(options.agents);
  const sessions = createSessions(journal, clock, options.maxSessionsInMemory ?? 200);
  const directory = createSessionDirectory({ journal, engine, clock, sessions });
  const places = createRunPlaces();
  const feed = createLiveFeed();
  const grants = createGrants(journal, clock);
  const taints = createFileTaints(journal, clock);
  const run = createRunProgram({ agents, sessions, content, feed, clock, observer, grants, taints });
  engine.register(runProgram, run, { beginsEarly: true });
  const parts: Parts = {
    started: false,
    engine,
    agents,
    sessions,
    directory,
    places,
    clock,
    grants,
  };

  return {
    async start() {
      await engine.start();
      parts.started = true;
    },
    createSession: (request, context) => guarded(context, () => directory.create(request, context)),
    startRun: (request, context) =>
      guarded(context, async () => {
        if (!parts.started) throw notStarted();
        return await startRun(parts, request, context);
      }),
    attach: createAttach({ journal, engine, feed, directory, places }),
    cancelRun: (request, context) => guarded(context, () => cancelRun(parts, request, context)),
    injectContext: (request, context) => guarded(context, () => injectContext(parts, request, context)),
    respond: (request, context) => guarded(context, () => respond(parts, request, context)),
    listGrants: (context) =>
      guarded(context, () => grants.list({ ...context, principal: context.principal.id }, context.signal)),
    revokeGrant: (grantId, context) => guarded(context, () => revokeGrant(parts, grantId, context)),
    getSession: (sessionId, context) => guarded(context, () => directory.get(sessionId, context)),
    listSessions: (request, context) => guarded(context, () => directory.list(request, context)),
    forkSession: (request, context) => guarded(context, () => directory.fork(request, context)),
    [Symbol.asyncDispose]: async () => undefined,
  };
}

interface Parts extends StartRunHost {
  started: boolean;
  readonly clock: Clock;
  readonly grants: Grants;
}

async function guarded<T>(context: CallContext, act: () => Promise<T>): Promise<T> {
  assertTenant(context.tenant);
  context.signal.throwIfAborted();
  return await act();
}

const cancelRun = async (
  { engine, directory }: Parts,
  request: Parameters<Runtime["cancelRun"]>[0],
  context: CallContext,
): Promise<void> => {
  await directory.version(request.sessionId, context);
  const ref: RunRef = { tenant: context.tenant, key: request.sessionId, runId: request.runId };
  await engine.cancel(ref, request.reason);
};

const injectContext = async (
  { sessions, directory }: Parts,
  request: Parameters<Runtime["injectContext"]>[0],
  context: CallContext,
): Promise<void> => {
  await directory.version(request.sessionId, context);
  const { entries, sessionId } = request;
  await sessions.inbox(context.tenant, sessionId).addContext(context.principal.id, entries);
};

const revokeGrant = async (
  { grants }: Parts,
  grantId: string,
  { tenant, principal, signal }: CallContext,
): Promise<void> => {
  if (await grants.revoke({ tenant, principal: principal.id }, grantId, signal)) return;
  throw new TauError(
    "grant.not_found",
    `There is no grant ${JSON.stringify(grantId.slice(0, 128))}; it may have expired or been revoked.`,
  );
};

function notStarted(): TauError {
  return new TauError(
    "runtime.not_started",
    "The runtime was not started, so the run would wait for ever: call start() first.",
  );
}
