import { hash, randomBytes } from "node:crypto";

import { isTauError } from "@tau/core";
import type { Label } from "@tau/core";

import type { MemoryAuthor, MemoryHistory } from "../history/memory-history.ts";
import { etagOf } from "../store/memory-store.ts";
import type { MemoryStore } from "../store/memory-store.ts";
import { notesAsOf } from "./as-of.ts";
import { assertNote, parseNote, renderNote } from "./note-codec.ts";
import { notePath, notesPrefix } from "./note.ts";
import type { AsOf, Note } from "./note.ts";

/** A fact to be written down. */
export interface NoteDraft {
  readonly summary: string;
  readonly body?: string;
  /** Default `fact`. */
  readonly type?: string;
  /** Default: made from the summary. */
  readonly id?: string;
  /** Makes the default id the same whenever it is the same. */
  readonly key?: string;
  readonly label: Label;
  readonly events?: readonly string[];
  readonly supersedes?: string;
  readonly validFrom?: number;
  readonly validTo?: number;
}

/** What a source is called: one of a note's origins, or one of its events. */
export type SourceName = { readonly origin: string } | { readonly event: string };

/** What is in the notes, those that cannot be read apart. */
export interface NoteListing {
  readonly notes: readonly Note[];
  /** Paths and what is wrong with them. */
  readonly unreadable: readonly { readonly path: string; readonly reason: string }[];
}

/**
 * The notes of a memory: facts, one a file, that are replaced and retracted instead of overwritten.
 *
 * It trusts its caller: what comes from an untrusted source goes through the {@link Inbox}.
 */
export interface NoteBook {
  /** Makes a note of a draft, without writing it. Throws `memory.invalid_note`. */
  draft(draft: NoteDraft, author: MemoryAuthor): Note;
  /** Writes a note; with `supersedes`, the older one ends where it begins. Throws `memory.exists`, `memory.not_found`, `memory.secret`. */
  add(note: Note, author: MemoryAuthor, signal: AbortSignal): Promise<void>;
  /** Throws `memory.not_found`, `memory.invalid_note`. */
  get(id: string, signal: AbortSignal): Promise<Note>;
  /** All notes, in the order of their ids. */
  list(signal: AbortSignal): Promise<NoteListing>;
  /** Those that hold now, or held at a time by what was known at one. */
  current(signal: AbortSignal, asOf?: Partial<AsOf>): Promise<readonly Note[]>;
  /** Counts that notes were of use; ids of none are left out. */
  used(ids: readonly string[], signal: AbortSignal): Promise<void>;
  /** Says that a note should never have been believed, and so what was derived from it. Answers the ids. */
  retract(id: string, reason: string, author: MemoryAuthor, signal: AbortSignal): Promise<readonly string[]>;
  /** The same for everything that stands on a source. */
  retractSource(
    source: SourceName,
    reason: string,
    author: MemoryAuthor,
    signal: AbortSignal,
  ): Promise<readonly string[]>;
}

/** Options of {@link createNoteBook}. */
export interface NoteBookOptions {
  readonly store: MemoryStore;
  readonly history: MemoryHistory;
  readonly now?: () => number;
}

/** Makes a {@link NoteBook} of the notes below `memory/notes/`. */
export function createNoteBook({ store, history, now = Date.now }: NoteBookOptions): NoteBook {
  const get = async (id: string, signal: AbortSignal): Promise<Note> => {
    const path = notePath(id);
    return parseNote(path, (await store.load(path, signal)).text, now());
  };
  const list = async (signal: AbortSignal): Promise<NoteListing> => await listNotes(store, now(), signal);
  /** Changes a note whatever others change meanwhile. */
  const change = async (
    id: string,
    to: (note: Note) => Note,
    { into, signal }: { readonly into: MemoryStore; readonly signal: AbortSignal },
  ): Promise<void> => {
    for (;;) {
      const path = notePath(id);
      const { text, etag } = await store.load(path, signal);
      const changed = renderNote(to(parseNote(path, text, now())));
      if (etagOf(changed) === etag) return;
      try {
        await into.save(path, changed, { ifMatch: etag }, signal);
        return;
      } catch (error) {
        if (!isTauError(error) || error.code !== "memory.changed") throw error;
      }
    }
  };
  const retractAll = async (
    begins: (note: Note) => boolean,
    { reason, author, signal }: Retraction,
  ): Promise<readonly string[]> => {
    const { notes } = await list(signal);
    const retracted = withDerived(notes, notes.filter(begins));
    for (const { id, because } of retracted) {
      const at = now();
      await change(
        id,
        (note) =>
          note.retracted === undefined ? { ...note, retracted: { at, because: because ?? reason } } : note,
        { into: history.as({ ...author, reason: because ?? reason }), signal },
      );
    }
    return retracted.map(({ id }) => id);
  };

  return {
    draft: (draft, author) => toNote(draft, author, now()),
    async add(note, author, signal) {
      const path = notePath(note.id);
      assertNote(path, note);
      if (note.supersedes !== undefined) await get(note.supersedes, signal);
      await history.as(author).save(path, renderNote(note), { ifMatch: null }, signal);
    },
    get,
    list,
    async current(signal, asOf = {}) {
      const { notes } = await list(signal);
      return notesAsOf(notes, { validAt: asOf.validAt ?? now(), knownAt: asOf.knownAt ?? now() });
    },
    async used(ids, signal) {
      for (const id of new Set(ids)) {
        // Counting is no version: it would bury those that say something else.
        await change(id, (note) => ({ ...note, uses: note.uses + 1, lastUsedAt: now() }), {
          into: store,
          signal,
        }).catch((error: unknown) => {
          if (!isTauError(error) || !/^memory\.(?:not_found|invalid_)/u.test(error.code)) throw error;
        });
      }
    },
    async retract(id, reason, author, signal) {
      await get(id, signal);
      return await retractAll((note) => note.id === id, { reason, author, signal });
    },
    retractSource: async (source, reason, author, signal) =>
      await retractAll((note) => standsOn(note, source), { reason, author, signal }),
  };
}

interface Retraction {
  readonly reason: string;
  readonly author: MemoryAuthor;
  readonly signal: AbortSignal;
}

function standsOn({ label, source }: Note, name: SourceName): boolean {
  return "origin" in name ? label.origins.includes(name.origin) : source.events.includes(name.event);
}

/** The notes, and those that were derived from them, and so on; with the reason where it is another one. */
function withDerived(
  notes: readonly Note[],
  first: readonly Note[],
): readonly { readonly id: string; readonly because?: string }[] {
  const found = new Map<string, { readonly id: string; readonly because?: string }>(
    first.map(({ id }) => [id, { id }]),
  );
  for (const { id } of found.values())
    for (const note of notes)
      if (!found.has(note.id) && note.label.origins.includes(`memory:${id}`))
        found.set(note.id, { id: note.id, because: `It was derived from ${id}, which was retracted.` });
  return [...found.values()];
}

async function listNotes(store: MemoryStore, now: number, signal: AbortSignal): Promise<NoteListing> {
  const notes: Note[] = [];
  const unreadable: { path: string; reason: string }[] = [];
  for (const { path } of await store.list(notesPrefix, signal)) {
    try {
      notes.push(parseNote(path, (await store.load(path, signal)).text, now));
    } catch (error) {
      // Another process may have deleted it since; what a person wrote may be no note.
      if (!isTauError(error) || error.code === "memory.unavailable") throw error;
      if (error.code !== "memory.not_found") unreadable.push({ path, reason: error.message });
    }
  }
  return { notes, unreadable };
}

function toNote(draft: NoteDraft, author: MemoryAuthor, now: number): Note {
  const { body = "", type = "fact", label, events = [], supersedes, validTo } = draft;
  const summary = draft.summary.replaceAll(/\s+/gu, " ").trim();
  const note: Note = {
    id: draft.id ?? idOf(summary, draft.key),
    type,
    summary,
    body,
    source: { by: author.by, events },
    label,
    createdAt: now,
    validFrom: draft.validFrom ?? now,
    ...(validTo === undefined ? {} : { validTo }),
    ...(supersedes === undefined ? {} : { supersedes }),
    uses: 0,
  };
  assertNote(notePath(note.id), note);
  return note;
}

/** Words that a person recognizes, and something that no other note has. */
function idOf(summary: string, key: string | undefined): string {
  const words = summary
    .normalize("NFKD")
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/gu, "-")
    .replaceAll(/^-+|-+$/gu, "")
    .slice(0, 40)
    .replace(/-+$/u, "");
  const own = key === undefined ? randomBytes(4).toString("hex") : hash("sha256", key).slice(0, 8);
  return `${words === "" ? "note" : words}-${own}`;
}
