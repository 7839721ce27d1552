import { randomUUID } from "node:crypto";
import { constants } from "node:fs";
import { chmod, mkdir, open, readFile, readlink, rename, rmdir, symlink, unlink } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

import type { GuardedFiles, PathPolicy } from "@tau/tools";
import { assertWritable, openDirectory } from "@tau/tools";

import type { LocalEntry } from "./scan-local.ts";
import type { FetchedEntry } from "./pod-tree.ts";

/** Where what a pod changed is written on this machine. */
export interface Here {
  readonly policy: PathPolicy;
  readonly files: Pick<GuardedFiles, "realPath">;
}

const signalOfNobody = new AbortController().signal;

/** Writes one file or link, whole or not at all. Throws `environment.denied` when the profile forbids the path. */
export async function bringBack({ policy, files }: Here, entry: FetchedEntry): Promise<void> {
  const path = join(policy.profile.workspace, entry.path);
  const folder = await files.realPath(dirname(path), signalOfNobody);
  const real = join(folder, basename(path));
  assertWritable(policy, real, path);
  await using directory = await openDirectory(folder, true);
  const temporary = directory.entry(`.tau-${randomUUID()}.tmp`);
  try {
    if (entry.kind === "link") await symlink(entry.target, temporary);
    else await fill(temporary, entry);
    await rename(temporary, directory.entry(basename(real)));
  } catch (error) {
    await unlink(temporary).catch(() => undefined);
    throw error;
  }
}

async function fill(path: string, { data, mode }: FetchedEntry): Promise<void> {
  const { O_CREAT, O_EXCL, O_NOFOLLOW, O_WRONLY } = constants;
  await using file = await open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  await file.writeFile(data);
  await file.chmod(mode);
}

/** Makes a folder. Throws `environment.denied` when the profile forbids it. */
export async function bringFolder({ policy, files }: Here, path: string): Promise<void> {
  const real = await files.realPath(join(policy.profile.workspace, path), signalOfNobody);
  assertWritable(policy, real, path);
  await using directory = await openDirectory(dirname(real), true);
  await mkdir(directory.entry(basename(real)));
}

/** Removes what a command removed; a folder that holds something else stays. */
export async function takeAway(
  { policy, files }: Here,
  path: string,
  kind: LocalEntry["kind"],
): Promise<void> {
  const asked = join(policy.profile.workspace, path);
  const folder = await files.realPath(dirname(asked), signalOfNobody);
  const real = join(folder, basename(asked));
  assertWritable(policy, real, asked);
  await using directory = await openDirectory(folder, false);
  const entry = directory.entry(basename(real));
  await (kind === "folder" ? rmdir(entry).catch(() => undefined) : unlink(entry));
}

/** Whether what lies here is what came: then nothing has to be written. */
export async function isSame(workspace: string, entry: FetchedEntry, here: LocalEntry): Promise<boolean> {
  const path = join(workspace, entry.path);
  if (here.kind !== entry.kind) return false;
  if (entry.kind === "link") return (await readlink(path)) === entry.target;
  if (here.size !== entry.data.length || !(await readFile(path)).equals(entry.data)) return false;
  if (here.mode !== entry.mode) await chmod(path, entry.mode);
  return true;
}
