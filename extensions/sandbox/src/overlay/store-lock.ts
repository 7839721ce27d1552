import { link, mkdir, readFile, rename, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { isJsonObject, parseJson } from "@tau/core";

import { conflict } from "./conflict.ts";
import { isAlive, newTransactionId, thisProcess } from "./record.ts";
import { isSystemError } from "./system-error.ts";

const pauseMs = 10;
const tries = 1_000;

/**
 * Runs `action` while no other process, and no other caller of this one, does so with the same store: two commits that
 * check first and rename second must not do it at the same time. A dead process's lock is taken over.
 *
 * Throws `environment.conflict` after ten seconds.
 */
export async function withStoreLock<Result>(
  store: string,
  signal: AbortSignal,
  action: () => Promise<Result>,
): Promise<Result> {
  await mkdir(store, { recursive: true, mode: 0o700 });
  const lock = join(store, "lock");
  await take(lock, signal);
  try {
    return await action();
  } finally {
    await unlink(lock);
  }
}

async function take(lock: string, signal: AbortSignal): Promise<void> {
  const mine = `${lock}.${newTransactionId()}`;
  await writeFile(mine, JSON.stringify(thisProcess()), { mode: 0o600 });
  try {
    for (let attempt = 0; attempt < tries; attempt++) {
      signal.throwIfAborted();
      if (await tryLink(mine, lock)) return;
      if (await isAbandoned(lock)) await removeAbandoned(lock);
      else await delay(pauseMs, undefined, { signal });
    }
  } finally {
    await unlink(mine);
  }
  throw conflict("Another commit or undo is under way and does not end. Try again");
}

async function tryLink(mine: string, lock: string): Promise<boolean> {
  try {
    await link(mine, lock);
    return true;
  } catch (error) {
    if (isSystemError(error, "EEXIST")) return false;
    throw error;
  }
}

/** Two may find the same lock abandoned: what was moved away is looked at again, and put back if it lives. */
async function removeAbandoned(lock: string): Promise<void> {
  const aside = `${lock}.${newTransactionId()}`;
  try {
    await rename(lock, aside);
  } catch (error) {
    if (isSystemError(error, "ENOENT")) return;
    throw error;
  }
  if (!(await isAbandoned(aside))) await tryLink(aside, lock);
  await unlink(aside);
}

async function isAbandoned(lock: string): Promise<boolean> {
  try {
    const parsed = parseJson(await readFile(lock, "utf8"));
    if (!parsed.ok || !isJsonObject(parsed.value)) return true;
    const { pid, startedAt } = parsed.value;
    return typeof pid !== "number" || typeof startedAt !== "string" || !isAlive({ pid, startedAt });
  } catch (error) {
    if (isSystemError(error, "ENOENT")) return false; // released this moment
    throw error;
  }
}
