import { byCodeUnits } from "../order.ts";
import { memoryExists, memoryNotFound, memoryTooLarge } from "./memory-errors.ts";
import { assertMemoryPrefix, foldPath, memoryPathNames } from "./memory-path.ts";
import { assertExpected, assertMemoryText, etagOf, memoryLimits } from "./memory-store.ts";
import type { MemoryPrecondition, MemoryStore } from "./memory-store.ts";

interface Kept {
  readonly text: string;
  readonly modifiedAt: number;
  readonly stamp: string;
}

/** Options of {@link createTransientStore}. */
export interface TransientStoreOptions {
  readonly now?: () => number;
  /** How many files a namespace has at most. Default 10,000. */
  readonly maxFiles?: number;
}

/** Makes a {@link MemoryStore} that forgets everything when the process ends. */
export function createTransientStore(options: TransientStoreOptions = {}): MemoryStore {
  const { now = Date.now, maxFiles = memoryLimits.files } = options;
  const files = new Map<string, Kept>();
  let writes = 0;

  const found = (path: string, condition: MemoryPrecondition): Kept => {
    const kept = files.get(path);
    if (kept === undefined) throw memoryNotFound(path);
    assertExpected(path, kept.text, condition);
    return kept;
  };
  const put = (path: string, text: string): void => {
    files.set(path, { text, modifiedAt: now(), stamp: String(++writes) });
  };

  return {
    async list(prefix, signal) {
      signal.throwIfAborted();
      assertMemoryPrefix(prefix);
      return [...files]
        .filter(([path]) => path.startsWith(prefix))
        .toSorted(([a], [b]) => byCodeUnits(a, b))
        .map(([path, { text, modifiedAt, stamp }]) => ({
          path,
          bytes: Buffer.byteLength(text),
          modifiedAt,
          stamp,
        }));
    },
    async load(path, signal) {
      signal.throwIfAborted();
      memoryPathNames(path);
      const { text } = found(path, {});
      return { path, text, etag: etagOf(text) };
    },
    async save(path, text, condition, signal) {
      signal.throwIfAborted();
      memoryPathNames(path);
      assertMemoryText(path, text);
      assertExpected(path, files.get(path)?.text, condition);
      if (!files.has(path)) assertRoom(path, files, maxFiles);
      put(path, text);
      return etagOf(text);
    },
    async delete(path, condition, signal) {
      signal.throwIfAborted();
      memoryPathNames(path);
      found(path, condition);
      files.delete(path);
    },
    async rename(from, to, signal) {
      signal.throwIfAborted();
      memoryPathNames(from);
      memoryPathNames(to);
      const { text } = found(from, {});
      assertFree(to, files);
      files.delete(from);
      put(to, text);
    },
  };
}

/** Checks that a new path can be beside those there are. @throws TauError `memory.exists`, `memory.too_large` */
function assertRoom(path: string, files: ReadonlyMap<string, unknown>, maxFiles: number): void {
  const namespace = path.slice(0, path.indexOf("/") + 1);
  const count = [...files.keys()].filter((other) => other.startsWith(namespace)).length;
  if (count >= maxFiles) throw memoryTooLarge(namespace, `${maxFiles} files`);
  assertFree(path, files);
}

function assertFree(path: string, files: ReadonlyMap<string, unknown>): void {
  for (const other of files.keys()) if (!mayBeBeside(path, other)) throw memoryExists(path, other);
}

/**
 * Whether two paths can exist together where names are not told apart by case: neither is the other's folder, and what
 * they share they spell alike.
 */
function mayBeBeside(path: string, other: string): boolean {
  const [names, others] = [path.split("/"), other.split("/")];
  const length = Math.min(names.length, others.length);
  for (let index = 0; index < length; index++) {
    const [name = "", otherName = ""] = [names[index], others[index]];
    if (name === otherName) continue;
    return foldPath(name) !== foldPath(otherName);
  }
  return false;
}
