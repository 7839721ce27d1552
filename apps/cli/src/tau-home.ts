import { createHash } from "node:crypto";
import { lstat, mkdir, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { join, resolve } from "node:path";

import { TauError } from "@tau/core";

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

/**
 * Checks that nobody else can write where Tau keeps its data: what is trusted, the rules, what was allowed and what agents
 * remember are believed because they are in there.
 *
 * @throws TauError `cli.unsafe_home`
 */
export async function assertOwnHome(home: string): Promise<void> {
  const user = process.getuid?.();
  // What is not there yet is made for this person alone, and this system may know no owners.
  const [named, real] = await Promise.all([lstat(home), stat(home)]).catch(() => []);
  if (user === undefined || named === undefined || real === undefined) return;
  if (!real.isDirectory()) throw unsafeHome(home, "is no folder");
  // Root may link it for a user, a stranger may not; what is in a folder is its owner's to change.
  if (real.uid !== user || (named.uid !== user && named.uid !== 0))
    throw unsafeHome(home, "belongs to somebody else");
  if ((real.mode & 0o022) !== 0) throw unsafeHome(home, "can be written by others");
}

function unsafeHome(home: string, problem: string): TauError {
  return new TauError(
    "cli.unsafe_home",
    `${home}, where Tau keeps its data, ${problem}, who could trust and allow things in your name. Nothing is run. Make it your own, with mode 700, or name another folder in TAU_HOME.`,
  );
}

/** What a right to write, room on the disk or another folder mends; anything else may be a mistake of Tau. */
const unusable: ReadonlySet<string> = new Set([
  "EACCES",
  "EPERM",
  "EROFS",
  "ENOSPC",
  "EDQUOT",
  "EIO",
  "ENOTDIR",
  "ELOOP",
  "ENAMETOOLONG",
]);
/** Of making a folder only: something is missing above it, or a file is in its place. */
const unmakeable: ReadonlySet<string> = new Set(["ENOENT", "EEXIST"]);

/**
 * What it means to a person that a system call on the folder, or the making of what is above it, failed: `cli.unusable_home`;
 * undefined for any other error.
 */
export function toUnusableHome(error: unknown, home: string): TauError | undefined {
  if (!(error instanceof Error && "path" in error && "syscall" in error)) return undefined;
  const isIn = `${String(error.path)}/`.startsWith(`${home}/`);
  const isAbove = error.syscall === "mkdir" && `${home}/`.startsWith(`${String(error.path)}/`);
  const code = "code" in error ? String(error.code) : "";
  const isUnusable = unusable.has(code) || (unmakeable.has(code) && error.syscall === "mkdir");
  if (!isUnusable || (!isIn && !isAbove)) return undefined;
  return new TauError(
    "cli.unusable_home",
    `${home}, where Tau keeps its data, cannot be used. See to it that you can write there and that its disk is not full, or name another folder in TAU_HOME.`,
    { cause: error },
  );
}

/** Where the sessions are. */
export function storeDirectory(home: string): string {
  return join(home, "store");
}

/** Where what a tenant's commands changed is held, and kept for an undo: a folder that no name can lead out of. */
export function transactionsFolder(home: string, tenant: string): string {
  return join(home, "transactions", createHash("sha256").update(tenant).digest("hex").slice(0, 16));
}
