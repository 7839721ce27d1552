import { windowTextVersion } from "@tau/session";

import type { Journal, StreamId } from "./journal.ts";

/** The messages that a session still shows, as its history wrote them after the event `seq`. */
export interface SessionWindow {
  readonly seq: number;
  readonly text: string;
}

// Pictures are in it whole. What is larger than this is quicker read as events than written again and again.
const maxCharacters = 4_194_304;

/**
 * Keeps the messages of a session beside its events: saves reading, never truth. Written when a window moved, which is
 * once in hundreds of turns, so that opening a long session reads only what came after that.
 */
export async function saveWindow(journal: Journal, session: StreamId, window: SessionWindow): Promise<void> {
  const { seq, text } = window;
  if (text.length > maxCharacters) return;
  await journal.saveCheckpoint(windowOf(session), { seq, version: windowTextVersion, state: { text } });
}

/** The messages kept last; undefined when there are none, or of a shape that this build does not know. */
export async function loadWindow(journal: Journal, session: StreamId): Promise<SessionWindow | undefined> {
  const checkpoint = await journal.loadCheckpoint(windowOf(session));
  if (checkpoint?.version !== windowTextVersion) return undefined;
  const { text } = checkpoint.state;
  return typeof text === "string" ? { seq: checkpoint.seq, text } : undefined;
}

function windowOf({ tenant, stream }: StreamId): StreamId {
  return { tenant, stream: stream.replace(/^session\//u, "window/") };
}
