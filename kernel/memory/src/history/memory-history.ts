import { isTauError, TauError } from "@tau/core";

import { etagOf } from "../store/memory-store.ts";
import type { MemoryStore } from "../store/memory-store.ts";
import { appendLog, loadIfAny, readLog, versionFiles, versionPath } from "./history-log.ts";
import type { MemoryAction, MemoryVersion } from "./history-log.ts";

/** Who writes, and why. */
export interface MemoryAuthor {
  /** A principal, or `agent:<session>`. */
  readonly by: string;
  readonly reason?: string;
  /** The key of the effect that writes. */
  readonly key?: string;
}

/**
 * What every file of a memory was before: each version by the hash of its text, who wrote it, when and why.
 *
 * What somebody changes without Tau is noticed at the next write, and becomes a version of its own.
 */
export interface MemoryHistory {
  /** The store, with every write recorded under this author. */
  as(author: MemoryAuthor): MemoryStore;
  /** The versions of a path, oldest first; the last 100. Empty for a file that was never written. */
  versions(path: string, signal: AbortSignal): Promise<readonly MemoryVersion[]>;
  /** The text of a version. Throws `memory.no_version`, `memory.damaged`. */
  text(path: string, number: number, signal: AbortSignal): Promise<string>;
  /** Makes the text of a version the file's again. Throws what `text` throws. */
  revert(path: string, number: number, author: MemoryAuthor, signal: AbortSignal): Promise<void>;
  /** Removes a file with everything that is known of it, for good; also when only one of them is there. */
  erase(path: string, signal: AbortSignal): Promise<void>;
}

/** Options of {@link createMemoryHistory}. */
export interface MemoryHistoryOptions {
  readonly store: MemoryStore;
  readonly now?: () => number;
}

/** Makes the {@link MemoryHistory} of a store, which keeps it below `history/`. */
export function createMemoryHistory({ store, now = Date.now }: MemoryHistoryOptions): MemoryHistory {
  const text = async (path: string, number: number, signal: AbortSignal): Promise<string> => {
    const { versions } = await readLog(store, path, signal);
    const etag = versions.find((version) => version.number === number)?.etag;
    const file = etag === undefined ? undefined : await loadIfAny(store, versionPath(path, etag), signal);
    if (file === undefined) throw noVersion(path, number);
    if (file.etag === etag) return file.text;
    throw new TauError(
      "memory.damaged",
      `Version ${number} of ${JSON.stringify(path)} is not what was kept of it: take another version.`,
    );
  };
  return {
    as: (author) => recorded({ store, now, author }),
    versions: async (path, signal) => (await readLog(store, path, signal)).versions,
    text,
    async revert(path, number, author, signal) {
      const old = await text(path, number, signal);
      await recorded({ store, now, author, action: "reverted" }).save(path, old, {}, signal);
    },
    async erase(path, signal) {
      // The versions last: whoever is interrupted can find them still, and erase again.
      const kept = await versionFiles(store, path, signal);
      for (const file of [path, ...kept])
        await store.delete(file, {}, signal).catch((error: unknown) => {
          if (!isTauError(error) || error.code !== "memory.not_found") throw error;
        });
    },
  };
}

interface Recording extends Required<MemoryHistoryOptions> {
  readonly author: MemoryAuthor;
  /** What a change is called. */
  readonly action?: MemoryAction;
}

function recorded(recording: Recording): MemoryStore {
  const { store, action = "changed" } = recording;
  return {
    ...store,
    async save(path, text, condition, signal) {
      const before = await noticed(recording, path, signal);
      // The text first: a version without its text would be one that nobody can go back to.
      await store.save(versionPath(path, etagOf(text)), text, {}, signal);
      const etag = await store.save(path, text, condition, signal);
      await append(recording, { path, action: before === undefined ? "created" : action, etag }, signal);
      return etag;
    },
    async delete(path, condition, signal) {
      await noticed(recording, path, signal);
      await store.delete(path, condition, signal);
      await append(recording, { path, action: "deleted" }, signal);
    },
    async rename(from, to, signal) {
      const etag = await noticed(recording, from, signal);
      if (etag !== undefined) {
        const { text } = await store.load(from, signal);
        await store.save(versionPath(to, etagOf(text)), text, {}, signal);
      }
      await store.rename(from, to, signal);
      await append(recording, { path: from, action: "renamed", other: to }, signal);
      const arrived = { path: to, action: "arrived", other: from } as const;
      await append(recording, etag === undefined ? arrived : { ...arrived, etag }, signal);
    },
  };
}

/** Keeps what is there, if the history does not know it yet; answers its etag. */
async function noticed(
  { store, now }: Recording,
  path: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const file = await loadIfAny(store, path, signal);
  if (file === undefined) return undefined;
  const { versions } = await readLog(store, path, signal);
  const last = versions.at(-1)?.etag;
  if (last === file.etag) return file.etag;
  if (last !== undefined) {
    const before = await loadIfAny(store, versionPath(path, last), signal);
    if (before !== undefined && withoutCounts(before.text) === withoutCounts(file.text)) return file.etag;
  }
  await store.save(versionPath(path, file.etag), file.text, {}, signal);
  const found = { at: now(), action: "found", by: "unknown", etag: file.etag } as const;
  await appendLog(store, path, (known) => (known.at(-1)?.etag === file.etag ? [] : [found]), signal);
  return file.etag;
}

/** Counting that a note was of use is no version; see `NoteBook.used`. */
function withoutCounts(text: string): string {
  return text.replaceAll(/^(?:uses|last_used): .*\n/gmu, "");
}

async function append(
  { store, now, author }: Recording,
  { path, ...version }: Pick<MemoryVersion, "action" | "etag" | "other"> & { readonly path: string },
  signal: AbortSignal,
): Promise<void> {
  const { by, reason, key } = author;
  const added = {
    at: now(),
    by,
    ...version,
    ...(reason === undefined ? {} : { reason }),
    ...(key === undefined ? {} : { key }),
  };
  await appendLog(store, path, () => [added], signal);
}

function noVersion(path: string, number: number): TauError {
  return new TauError(
    "memory.no_version",
    `There is no version ${number} of ${JSON.stringify(path)}, or it has no text: look at its history.`,
  );
}
