import type { Label } from "@tau/core";

/** What a fact stands on. */
export interface NoteSource {
  /** Who wrote it down: a principal, or `agent:<session>`. */
  readonly by: string;
  /** Ids of the events and effects that show it: `<session>/<effect>`. */
  readonly events: readonly string[];
}

/** One fact: what is held to be true, since when, and on what grounds. Lies in a file of its own. */
export interface Note {
  /** 1 to 64 lower-case letters, digits and hyphens; the name of its file. */
  readonly id: string;
  /** What kind of fact it is: `fact`, `preference`, `decision`, `lesson`, or a word of one's own. */
  readonly type: string;
  /** One line, at most {@link noteLimits}. */
  readonly summary: string;
  readonly body: string;
  readonly source: NoteSource;
  /** How far to trust it, and where it came from. */
  readonly label: Label;
  /** When it was written down. All times are milliseconds since the epoch. */
  readonly createdAt: number;
  /** Since when it holds in the world. */
  readonly validFrom: number;
  /** Until when; absent while nobody knows of an end. */
  readonly validTo?: number;
  /** The note that this one replaces from `validFrom` on. That one's file stays as it is. */
  readonly supersedes?: string;
  /** It should never have been believed: since when that is known, and why. */
  readonly retracted?: { readonly at: number; readonly because: string };
  /** The person, or the policy, who let it in although nobody vouched for where it came from. */
  readonly approvedBy?: string;
  /** How often it was of use, and when last. */
  readonly uses: number;
  readonly lastUsedAt?: number;
}

/** What one note holds at most. */
export const noteLimits = { summaryChars: 200, bodyChars: 20_000, typeChars: 32, events: 50 } as const;

/** A point in two times: what held then, by what was known then. */
export interface AsOf {
  /** When it holds in the world. */
  readonly validAt: number;
  /** What was written down by then counts. */
  readonly knownAt: number;
}

/** Where notes are. */
export const notesPrefix = "memory/notes/";

/** The file of a note. */
export function notePath(id: string): string {
  return `${notesPrefix}${id}.md`;
}
