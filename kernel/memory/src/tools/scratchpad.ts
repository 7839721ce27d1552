import { isTauError, joinLabels, systemLabel } from "@tau/core";
import type { Label } from "@tau/core";

import { loadIfAny } from "../history/history-log.ts";
import { parseFrontLines, renderFrontLines } from "../notes/front-lines.ts";
import { createReader, labelFields } from "../notes/note-codec.ts";
import { memoryTooLarge } from "../store/memory-errors.ts";
import { etagOf } from "../store/memory-store.ts";
import type { MemoryStore } from "../store/memory-store.ts";

/** Where the scratchpads of sessions are. */
const workingPrefix = "memory/working/";

/** Characters of a session's scratchpad at most. */
export const scratchpadChars = 16_000;

/** What a session keeps for itself while it works. */
export interface Scratchpad {
  readonly text: string;
  /** The least trusted of all that it was written under. */
  readonly label: Label;
}

/** A change of a {@link Scratchpad}. */
export interface ScratchpadChange {
  readonly text: string;
  /** Adds at the end instead of replacing everything. */
  readonly append: boolean;
  readonly label: Label;
  /** The same change is made once. */
  readonly key: string;
}

/** Reads and writes the scratchpad of one session. */
export interface WorkingMemory {
  read(signal: AbortSignal): Promise<Scratchpad>;
  /** Answers how many characters it has now. Throws `memory.too_large`, `memory.secret`. */
  write(change: ScratchpadChange, signal: AbortSignal): Promise<number>;
  /** Forgets it; also when there is none. */
  clear(signal: AbortSignal): Promise<void>;
}

/** Opens the working memory of a session. Lives in the store, so that it is there after a restart. */
export function openWorkingMemory(store: MemoryStore, sessionId: string): WorkingMemory {
  // Ids that callers choose may be no names of files.
  const path = `${workingPrefix}${etagOf(sessionId).slice(0, 32)}.md`;
  const load = async (signal: AbortSignal): Promise<Kept> => {
    const file = await loadIfAny(store, path, signal);
    if (file === undefined) return { text: "", label: systemLabel, key: undefined, etag: null };
    const { fields, body } = parseFrontLines(path, file.text);
    const read = createReader(path, fields);
    return { text: body, label: read.label(), key: read.text("key"), etag: file.etag };
  };
  return {
    read: async (signal) => {
      const { text, label } = await load(signal);
      return { text, label };
    },
    async write(change, signal) {
      for (;;) {
        const kept = await load(signal);
        if (kept.key === change.key) return kept.text.length;
        const text = change.append && kept.text !== "" ? `${kept.text}\n${change.text}` : change.text;
        if (text.length > scratchpadChars)
          throw memoryTooLarge(
            "The scratchpad",
            `${scratchpadChars} characters; write a shorter one in its place`,
          );
        const label = change.append ? joinLabels(kept.label, change.label) : change.label;
        const all = renderFrontLines(
          [["session", sessionId], ["key", change.key], ...labelFields(label)],
          text,
        );
        try {
          await store.save(path, all, { ifMatch: kept.etag }, signal);
          return text.length;
        } catch (error) {
          if (!isTauError(error) || (error.code !== "memory.changed" && error.code !== "memory.exists"))
            throw error;
        }
      }
    },
    async clear(signal) {
      await store.delete(path, {}, signal).catch((error: unknown) => {
        if (!isTauError(error) || error.code !== "memory.not_found") throw error;
      });
    },
  };
}

interface Kept extends Scratchpad {
  readonly key: string | undefined;
  readonly etag: string | null;
}
