import { mkdir, realpath } from "node:fs/promises";
import { resolve } from "node:path";

import { assertTenant, isTauError, TauError } from "@tau/core";

import { withWriteLock } from "../lock/write-lock.ts";
import { openAnchored } from "./anchored-folder.ts";
import type { AnchoredFolder } from "./anchored-folder.ts";
import { listFiles, readText } from "./file-reading.ts";
import { moveFile, removeFile, writeText } from "./file-writing.ts";
import { memoryNotFound, memoryRefused } from "./memory-errors.ts";
import { assertMemoryPrefix, memoryPathNames } from "./memory-path.ts";
import { assertExpected, assertMemoryText, etagOf, memoryLimits } from "./memory-store.ts";
import type { MemoryStore } from "./memory-store.ts";
import { systemCode } from "./system-code.ts";

/** Options of {@link createFileStore}. */
export interface FileStoreOptions {
  /** Where the tenants' memories are: `<folder>/<tenant>/memory/…`. Made when missing, for this user only. */
  readonly folder: string;
  readonly tenant: string;
  /** How long a write waits for those of other processes, in milliseconds. Default 10,000. */
  readonly lockTimeoutMs?: number;
  /** How many files a namespace has at most. Default 10,000. */
  readonly maxFiles?: number;
}

/**
 * Makes a {@link MemoryStore} out of plain files, which people may read and edit. Several processes may use one folder.
 *
 * Every name is opened relative to the folder opened before it and without following links, so that exchanging a folder
 * for a link meanwhile gains nothing. (On Linux; elsewhere a race with a hostile process of the same user remains.)
 * Files are 0600, folders 0700; hidden files are not part of the memory.
 *
 * @throws TauError `context.invalid_tenant`
 */
export function createFileStore(options: FileStoreOptions): MemoryStore {
  const { tenant, lockTimeoutMs = 10_000, maxFiles = memoryLimits.files } = options;
  assertTenant(tenant);
  const folder = resolve(options.folder);
  const reading = async <Result>(
    path: string,
    empty: Result | undefined,
    act: (root: AnchoredFolder) => Promise<Result>,
  ): Promise<Result> =>
    await translated(path, async () => {
      const root = await openRoot(folder, tenant, false);
      if (root === undefined) {
        if (empty === undefined) throw memoryNotFound(path);
        return empty;
      }
      await using opened = root;
      return await act(opened);
    });
  // Writes of this process wait for each other here, and not by looking at the disk again and again.
  let last: Promise<unknown> = Promise.resolve();
  const writing = async <Result>(
    path: string,
    signal: AbortSignal,
    act: (root: AnchoredFolder) => Promise<Result>,
  ): Promise<Result> => {
    const before = last;
    const run = async (): Promise<Result> => {
      await before.catch(() => undefined);
      signal.throwIfAborted();
      return await translated(path, async () => {
        const root = await openRoot(folder, tenant, true);
        if (root === undefined) throw memoryNotFound(path);
        await using opened = root;
        return await withWriteLock(
          opened,
          { signal, timeoutMs: lockTimeoutMs },
          async () => await act(opened),
        );
      });
    };
    const running = run();
    last = running;
    return await running;
  };

  return {
    async list(prefix, signal) {
      signal.throwIfAborted();
      assertMemoryPrefix(prefix);
      return await reading(prefix, [], async (root) => await listFiles(root, prefix, signal));
    },
    async load(path, signal) {
      signal.throwIfAborted();
      const names = memoryPathNames(path);
      const text = await reading(path, undefined, async (root) => await readText(root, path, names));
      if (text === undefined) throw memoryNotFound(path);
      return { path, text, etag: etagOf(text) };
    },
    async save(path, text, condition, signal) {
      signal.throwIfAborted();
      const names = memoryPathNames(path);
      assertMemoryText(path, text);
      await writing(path, signal, async (root) => {
        if (condition.ifMatch !== undefined)
          assertExpected(path, await readText(root, path, names), condition);
        await writeText(root, { path, names, text, maxFiles });
      });
      return etagOf(text);
    },
    async delete(path, condition, signal) {
      signal.throwIfAborted();
      const names = memoryPathNames(path);
      await writing(path, signal, async (root) => {
        // Whatever it is can be deleted, also what cannot be read; only a condition needs to know what it is.
        if (condition.ifMatch !== undefined) {
          const found = await readText(root, path, names);
          if (found === undefined) throw memoryNotFound(path);
          assertExpected(path, found, condition);
        }
        if (!(await removeFile(root, names))) throw memoryNotFound(path);
      });
    },
    async rename(from, to, signal) {
      signal.throwIfAborted();
      const [names, newNames] = [memoryPathNames(from), memoryPathNames(to)];
      await writing(from, signal, async (root) => {
        const text = await readText(root, from, names);
        if (text === undefined) throw memoryNotFound(from);
        await moveFile(root, { path: from, names }, { path: to, names: newNames });
      });
    },
  };
}

async function openRoot(
  folder: string,
  tenant: string,
  create: boolean,
): Promise<AnchoredFolder | undefined> {
  if (create) await mkdir(folder, { recursive: true, mode: 0o700 });
  const real = await realpath(folder).catch((error: unknown) => {
    if (systemCode(error) === "ENOENT") return undefined;
    throw error;
  });
  if (real === undefined) return undefined;
  await using all = await openAnchored(real);
  return create ? await all.makeFolder(tenant) : await all.folder(tenant);
}

async function translated<Result>(path: string, act: () => Promise<Result>): Promise<Result> {
  try {
    return await act();
  } catch (error) {
    if (isTauError(error)) throw error;
    const code = systemCode(error);
    // ENOTDIR: of a folder opened without following links, also that it is a link.
    if (code === "ELOOP" || code === "ENOTDIR" || code === "ENXIO") throw memoryRefused(path);
    if (code === undefined || code === "ABORT_ERR") throw error;
    throw new TauError(
      "memory.unavailable",
      `${JSON.stringify(path)} could not be read or written (${code}): look whether the disk is full, or not yours to use.`,
      { cause: error },
    );
  }
}
