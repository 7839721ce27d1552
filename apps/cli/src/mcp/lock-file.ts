import { rename, writeFile } from "node:fs/promises";

import { TauError } from "@tau/core";
import { readTextFile } from "@tau/core/files";
import { parseMcpLock, renderMcpLock } from "@tau/mcp";
import type { McpLock, ServerLock } from "@tau/mcp";

import { isTrusted, trust } from "../trust.ts";
import { unfitReason } from "../unfit-reason.ts";

/** More than the tools of any servers take, in bytes. */
const maxLockBytes = 4_000_000;

/** What was approved on this machine, and whether there is more that came with the folder and counts for nothing. */
export interface LoadedLock {
  readonly lock: McpLock;
  readonly isForeign: boolean;
}

/**
 * Reads the lock as far as a person of this machine wrote it: one that came with the folder approves nothing.
 *
 * @throws TauError `mcp.invalid_lock`
 */
export async function readLock(home: string, path: string): Promise<LoadedLock> {
  const text = await textOf(path);
  if (text === undefined) return { lock: {}, isForeign: false };
  if (!(await isTrusted(home, path, text))) return { lock: {}, isForeign: true };
  return { lock: parseMcpLock(text), isForeign: false };
}

async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readTextFile(path, maxLockBytes);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    // Taken for none, it would be replaced, with all that was approved in it.
    throw new TauError(
      "mcp.invalid_lock",
      `The lock ${path} cannot be read: remove it, then approve the servers again.${unfitReason(error)}`,
      { cause: error },
    );
  }
}

/** Puts what was approved of a server into the lock, or takes the server out, and trusts exactly this text. */
export async function changeLock(
  home: string,
  path: string,
  change: { readonly name: string; readonly approved: ServerLock | undefined },
): Promise<void> {
  const { lock } = await readLock(home, path);
  const others = Object.entries(lock).filter(([name]) => name !== change.name);
  const own = change.approved === undefined ? [] : [[change.name, change.approved] as const];
  const text = renderMcpLock(Object.fromEntries([...others, ...own]));
  const draft = `${path}.${process.pid}`;
  // A project may have put a link there: it is replaced, not followed.
  await writeFile(draft, text, { flag: "wx" });
  await rename(draft, path);
  await trust(home, path, text);
}
