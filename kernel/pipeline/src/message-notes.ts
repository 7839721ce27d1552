import type { Message } from "@tau/core";

import type { GuardFinding } from "./guard/guard-facts.ts";

/**
 * What layers found out about a message. Messages are never edited in place, so each is looked at once in its life, and a
 * history costs nothing again. One note for all layers: remembering something costs more than most of it takes. So little is
 * noted about the only message of a conversation, which may never go on: no layer looks at it twice in a call.
 */
export interface MessageNotes {
  /** An estimate. */
  tokens: number | undefined;
  /** The digest of a conversation up to and with this message, which goes on from the digest before it. */
  link: { readonly before: string; readonly digest: string } | undefined;
  /** What a guard left of it; another guard may leave something else. */
  screened:
    | { readonly by: object; readonly value: Message; readonly findings: readonly GuardFinding[] }
    | undefined;
}

const notes = new WeakMap<Message, MessageNotes>();

/** The notes about a message, if somebody made some. */
export function knownNotesOf(message: Message): MessageNotes | undefined {
  return notes.get(message);
}

/** The notes about a message, for whoever adds to them. */
export function notesOf(message: Message): MessageNotes {
  const known = notes.get(message);
  if (known !== undefined) return known;
  const made: MessageNotes = { tokens: undefined, link: undefined, screened: undefined };
  notes.set(message, made);
  return made;
}
