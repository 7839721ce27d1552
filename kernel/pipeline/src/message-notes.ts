import type { Message } from "@tau/core";

import type { GuardFinding } from "./guard/guard-facts.ts";

/**
 * What layers found out about a message. Messages are never edited in place, so each is looked at once in its life, and a
 * history costs nothing again. One note for all layers: remembering something costs more than most of it takes.
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

/** The notes about a message, for whoever adds to them. */
export function notesOf(message: Message): MessageNotes {
  const known = notes.get(message);
  if (known !== undefined) return known;
  const made: MessageNotes = { tokens: undefined, link: undefined, screened: undefined };
  notes.set(message, made);
  return made;
}
