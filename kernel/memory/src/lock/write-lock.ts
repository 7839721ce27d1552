import { randomUUID } from "node:crypto";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { setTimeout as wait } from "node:timers/promises";

import { TauError } from "@tau/core";

import type { AnchoredFolder } from "../store/anchored-folder.ts";
import { systemCode } from "../store/system-code.ts";
import { ownerName, ownerState } from "./process-owner.ts";

/** How a lock waits. */
export interface WriteLockOptions {
  readonly signal: AbortSignal;
  /** Milliseconds after which waiting ends with `memory.busy`. */
  readonly timeoutMs: number;
}

const lockFolder = ".lock";
const free = "free";

/** Where nobody can see whether a holder lives, one that has held it for so long is taken for dead. */
const unseenHolderMs = 60_000;
const longestPauseMs = 25;

/**
 * Runs `act` while no other process writes below `folder`.
 *
 * The folder `.lock` has one file, the token. Whoever renames `free` to a name of its own holds the lock, and gives it
 * back by the reverse. Renaming is atomic, and every name is used once:
 * - L1. Of all that take one token, one succeeds: afterwards the name it renamed is gone.
 * - L2. The token of a dead process is taken by renaming exactly its name, so that a lock that was given on meanwhile is
 *   never taken from whoever holds it now.
 *
 * @throws TauError `memory.busy`
 */
export async function withWriteLock<Result>(
  folder: AnchoredFolder,
  options: WriteLockOptions,
  act: () => Promise<Result>,
): Promise<Result> {
  const lock = await openLock(folder);
  try {
    const held = await take(lock, options);
    try {
      return await act();
    } finally {
      // Missing when this process seemed dead for so long that another one took it.
      await renamed(lock, held, free);
    }
  } finally {
    await lock[Symbol.asyncDispose]();
  }
}

async function openLock(folder: AnchoredFolder): Promise<AnchoredFolder> {
  const existing = await folder.folder(lockFolder);
  if (existing !== undefined) return existing;
  // Made elsewhere, and whole, so that there is never a lock without its token, nor a second token.
  const draft = folder.entry(`${lockFolder}-${randomUUID()}`);
  await mkdir(draft, { mode: 0o700 });
  try {
    await writeFile(`${draft}/${free}`, "", { mode: 0o600, flag: "wx" });
    await rename(draft, folder.entry(lockFolder)).catch((error: unknown) => {
      if (!["ENOTEMPTY", "EEXIST", "EPERM"].includes(systemCode(error) ?? "")) throw error;
    });
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  return await folder.makeFolder(lockFolder);
}

async function take(lock: AnchoredFolder, { signal, timeoutMs }: WriteLockOptions): Promise<string> {
  // Slashes separate the parts of an owner's name, and must not be in a file's.
  const own = ownerName(randomUUID()).replaceAll("/", "+");
  const until = performance.now() + timeoutMs;
  for (let pauseMs = 1; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
    signal.throwIfAborted();
    if (await renamed(lock, free, own)) return own;
    for (const holder of await lock.names())
      if ((await isGone(lock, holder)) && (await renamed(lock, holder, own))) return own;
    if (performance.now() > until) throw busy();
    // The loop begins with the reason.
    await wait(pauseMs, undefined, { signal }).catch(() => undefined);
  }
}

async function isGone(lock: AnchoredFolder, holder: string): Promise<boolean> {
  if (holder === free) return false;
  const state = ownerState(holder.replaceAll("+", "/"));
  if (state !== "unknown") return state === "gone";
  // Renaming changes the time of the change and no other.
  const stats = await lock.stats(holder);
  return stats !== undefined && Date.now() - Number(stats.ctimeMs) > unseenHolderMs;
}

async function renamed(lock: AnchoredFolder, from: string, to: string): Promise<boolean> {
  try {
    await rename(lock.entry(from), lock.entry(to));
    return true;
  } catch (error) {
    if (systemCode(error) === "ENOENT") return false;
    throw error;
  }
}

function busy(): TauError {
  return new TauError(
    "memory.busy",
    "Other processes kept the memory locked for too long: try again. If it stays so, look for a process that hangs.",
    { class: "retryable" },
  );
}
