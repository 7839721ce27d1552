import { windowTextVersion } from "@tau/session";
import type { History } from "@tau/session";

import type { Journal, StreamId } from "./journal.ts";

/** The messages that a session still shows, as its history wrote them after the event `seq`. */
export interface SessionWindow {
  readonly seq: number;
  readonly text: string;
}

// Pictures are in it whole. What is larger than this is quicker read as events than written again and again.
const maxCharacters = 4_194_304;

// Four characters are a token, or fewer. So what is longer than that is known before it is written.
const maxTokens = maxCharacters / 4;

/** What a history shows, as text to keep; undefined while a call has no result, and for what is too long to keep. */
export function windowText(history: History): string | undefined {
  if (history.tokens > maxTokens) return undefined;
  const text = history.toText();
  return text === undefined || text.length > maxCharacters ? undefined : text;
}

/**
 * Keeps the messages of a session beside its events: saves reading, never truth. Written when a window moved, which is
 * once in hundreds of turns, so that opening a long session reads only what came after that.
 */
export async function saveWindow(journal: Journal, session: StreamId, window: SessionWindow): Promise<void> {
  const { seq, text } = window;
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
