import { isTauError, isTerminal } from "@tau/core";

import type { Engine } from "./engine.ts";
import type { Journal, StreamId } from "./journal.ts";
import type { AttachRequest } from "./runtime.ts";
import { readState, toRecorded } from "./session-log.ts";

/** Where {@link whenRunOver} looks. */
export interface RunOverHost {
  readonly journal: Journal;
  readonly engine: Engine;
}

/**
 * Tells when what a listener waits for lies behind: of an end before the cursor no event tells. Resolves, as soon as that
 * is known, with the session's newest event at that moment; undefined when the events will tell.
 *
 * @throws the reason of `signal`
 */
export async function whenRunOver(
  { journal, engine }: RunOverHost,
  { id, request }: { readonly id: StreamId; readonly request: AttachRequest },
  signal: AbortSignal,
): Promise<number | undefined> {
  const { sessionId, untilRunEnds: runId, untilRunWaits = false } = request;
  if (runId === undefined) return undefined;
  const state = await readState(journal, id, signal);
  if (state?.run?.runId === runId) {
    const { status } = state.run;
    if (isTerminal(status) || (untilRunWaits && status === "waiting")) return state.version;
  }
  try {
    await engine.result({ tenant: id.tenant, key: sessionId, runId }, signal);
    return await journal.version(id);
  } catch (error) {
    if (!isTauError(error) || error.code !== "engine.not_found") throw error;
  }
  // Not handed in yet; or it came with a fork, whose runs no engine made.
  return (await hasEnded({ journal, id, runId }, signal)) ? await journal.version(id) : undefined;
}

async function hasEnded(
  { journal, id, runId }: { readonly journal: Journal; readonly id: StreamId; readonly runId: string },
  signal: AbortSignal,
): Promise<boolean> {
  for await (const batch of journal.read(id, 1, signal)) {
    for (const stored of batch) {
      if (stored.type !== "run_finished") continue;
      const { event } = toRecorded(stored);
      if (event.type === "run_finished" && event.runId === runId) return true;
    }
  }
  return false;
}
