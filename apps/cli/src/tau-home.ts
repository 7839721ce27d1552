import { createHash } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { homedir } from "node:os";
import { join, resolve } from "node:path";

import type { Terminal } from "./terminal.ts";

/** For the help of every command that reads the store. */
export const homeNote = "Data is kept in $TAU_HOME, by default ~/.local/share/tau.";

/** Where Tau keeps its data; absolute. */
export function tauHome({ env, cwd }: Pick<Terminal, "env" | "cwd">): string {
  const named = env["TAU_HOME"] ?? "";
  if (named !== "") return resolve(cwd, named);
  const shared = env["XDG_DATA_HOME"] ?? "";
  // The XDG specification wants relative paths to be ignored.
  if (shared.startsWith("/")) return join(shared, "tau");
  return join(env["HOME"] ?? homedir(), ".local", "share", "tau");
}

/** Makes the folder, for this person alone: what is not there cannot be hidden from commands, and may be there a moment later. */
export async function makeHome(home: string): Promise<void> {
  await mkdir(home, { recursive: true, mode: 0o700 });
}

/** Where the sessions are. */
export function storeDirectory(home: string): string {
  return join(home, "store");
}

/** Where what a tenant's commands changed is held, and kept for an undo: a folder that no name can lead out of. */
export function transactionsFolder(home: string, tenant: string): string {
  return join(home, "transactions", createHash("sha256").update(tenant).digest("hex").slice(0, 16));
}
