import { isJsonObject, isTauError, parseJson } from "@tau/core";

import { etagOf } from "../store/memory-store.ts";
import type { MemoryFile, MemoryStore } from "../store/memory-store.ts";

/** What became of a file. `found`: somebody changed it without Tau, for example with an editor. */
export type MemoryAction = "created" | "changed" | "found" | "deleted" | "renamed" | "arrived" | "reverted";

/** One version of a file of a memory. */
export interface MemoryVersion {
  /** 1 for the first that is known. */
  readonly number: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly action: MemoryAction;
  /** Who did it; `unknown` for what was found. */
  readonly by: string;
  readonly reason?: string;
  /** The hash of its text; absent where the file ended. */
  readonly etag?: string;
  /** Where it went, or where it came from. */
  readonly other?: string;
  /** The key of the effect that did it, so that it is not done twice. */
  readonly key?: string;
}

/** What is known of each file: so many versions are kept. */
export const keptVersions = 100;

/** The name under which everything about a path is kept; paths themselves may be too long and too deep. */
function historyKey(path: string): string {
  return etagOf(path).slice(0, 32);
}

/** Where the text of a version is. Not shared between paths: the texts of one go with it. */
export function versionPath(path: string, etag: string): string {
  return `history/text/${historyKey(path)}-${etag.slice(0, 32)}`;
}

/** Everything that is kept of a path: the texts of its versions, then the log. */
export async function versionFiles(
  store: MemoryStore,
  path: string,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const texts = await store.list("history/text/", signal);
  const own = texts.filter((entry) => entry.path.startsWith(versionPath(path, "")));
  return [...own.map((entry) => entry.path), logPath(path)];
}

function logPath(path: string): string {
  return `history/log/${historyKey(path)}.jsonl`;
}

/** A log as it was read. */
export interface ReadLog {
  readonly versions: readonly MemoryVersion[];
  /** What the next write expects; null for no log yet. */
  readonly etag: string | null;
}

/** Reads the versions of a path, oldest first. */
export async function readLog(store: MemoryStore, path: string, signal: AbortSignal): Promise<ReadLog> {
  const file = await loadIfAny(store, logPath(path), signal);
  if (file === undefined) return { versions: [], etag: null };
  const versions = file.text.split("\n").flatMap((line) => {
    const parsed = parseJson(line);
    const value: unknown = parsed.ok ? parsed.value : undefined;
    return isVersion(value) ? [value] : [];
  });
  return { versions, etag: file.etag };
}

/** Adds versions at the end, whoever adds others meanwhile; `toAdd` sees what there is. */
export async function appendLog(
  store: MemoryStore,
  path: string,
  toAdd: (versions: readonly MemoryVersion[]) => readonly Omit<MemoryVersion, "number">[],
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    const { versions, etag } = await readLog(store, path, signal);
    const last = versions.at(-1)?.number ?? 0;
    const added = toAdd(versions).map((version, index) => ({ number: last + 1 + index, ...version }));
    if (added.length === 0) return;
    const all = [...versions, ...added];
    const text = `${all
      .slice(-keptVersions)
      .map((version) => JSON.stringify(version))
      .join("\n")}\n`;
    try {
      await store.save(logPath(path), text, { ifMatch: etag }, signal);
    } catch (error) {
      if (!isTauError(error) || (error.code !== "memory.changed" && error.code !== "memory.exists"))
        throw error;
      continue;
    }
    await dropTexts(store, path, {
      gone: all.slice(0, -keptVersions),
      kept: all.slice(-keptVersions),
      signal,
    });
    return;
  }
}

async function dropTexts(
  store: MemoryStore,
  path: string,
  {
    gone,
    kept,
    signal,
  }: {
    readonly gone: readonly MemoryVersion[];
    readonly kept: readonly MemoryVersion[];
    readonly signal: AbortSignal;
  },
): Promise<void> {
  const needed = new Set(kept.map(({ etag }) => etag));
  for (const { etag } of gone) {
    if (etag === undefined || needed.has(etag)) continue;
    await store.delete(versionPath(path, etag), {}, signal).catch((error: unknown) => {
      if (!isTauError(error) || error.code !== "memory.not_found") throw error;
    });
  }
}

/** Loads a file; undefined when there is none. */
export async function loadIfAny(
  store: MemoryStore,
  path: string,
  signal: AbortSignal,
): Promise<MemoryFile | undefined> {
  try {
    return await store.load(path, signal);
  } catch (error) {
    if (isTauError(error) && error.code === "memory.not_found") return undefined;
    throw error;
  }
}

function isVersion(value: unknown): value is MemoryVersion {
  return (
    isJsonObject(value) &&
    typeof value["number"] === "number" &&
    typeof value["at"] === "number" &&
    typeof value["by"] === "string" &&
    typeof value["action"] === "string"
  );
}
