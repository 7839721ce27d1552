import { isTerminal, uuidv7 } from "@tau/core";
import type { CallContext } from "@tau/core";

import { agentNotFound } from "./agent-registry.ts";
import type { AgentRegistry } from "./agent-registry.ts";
import type { Engine } from "./engine.ts";
import { toEngineInput } from "./run-input.ts";
import type { RunPlaces } from "./run-places.ts";
import type { StartedRun, StartRunRequest } from "./runtime.ts";
import type { SessionDirectory } from "./session-directory.ts";
import type { Sessions } from "./sessions.ts";

/** The name under which the runtime registers its program. */
export const runProgram = "tau.run";

/** Collaborators of {@link startRun}. */
export interface StartRunHost {
  readonly engine: Engine;
  readonly agents: AgentRegistry;
  readonly sessions: Sessions;
  readonly directory: SessionDirectory;
  readonly places: RunPlaces;
}

/** Hands a prompt to the engine, and says from where on its run is to be seen. */
export async function startRun(
  host: StartRunHost,
  request: StartRunRequest,
  context: CallContext,
): Promise<StartedRun> {
  const { engine, agents, directory, sessions, places } = host;
  const { sessionId, prompt, limits = {}, agent = agents.list()[0] ?? "", runId = uuidv7() } = request;
  if (!agents.has(agent)) throw agentNotFound(agent, agents.list());
  const { tenant, principal, traceId, deadline, runPath } = context;
  const kept = sessions.kept(tenant, sessionId);
  const version = kept?.durableVersion ?? (await directory.version(sessionId, context));
  // What is kept of an idle session may be old: another process may have run it.
  const isSure = kept === undefined || (kept.state.run !== undefined && !isTerminal(kept.state.run.status));
  const isNew = await engine.submit(runProgram, {
    tenant,
    key: sessionId,
    runId,
    input: toEngineInput({
      sessionId,
      agent,
      prompt,
      limits,
      principal,
      traceId,
      ...(deadline === undefined ? {} : { deadline }),
      ...(runPath === undefined ? {} : { runPath }),
    }),
    isFirst: kept?.state.version === 1,
    isNewId: request.runId === undefined,
  });
  const place = { sessionId, runId, fromSeq: isNew ? version + 1 : 1 };
  const isKnown = isNew && isSure;
  const fromSeq =
    sessions.kept(tenant, sessionId)?.startOf(runId) ??
    (isKnown ? place.fromSeq : await directory.placeOf(place, context));
  places.set({ tenant, sessionId, runId }, fromSeq);
  return { runId, fromSeq };
}
