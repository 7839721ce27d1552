import { realpath, stat } from "node:fs/promises";
import { resolve } from "node:path";

import { TauError } from "@tau/core";

import { localTenant } from "../local-context.ts";
import type { Settings } from "../settings.ts";

/** The folders that the sessions of a tenant may work in or below, its own workspace first; none: it has nothing here. */
export type FoldersOf = (tenant: string) => readonly string[];

/** What the settings serve: to this machine's tenant its folder and those that the configuration names; to others nothing. */
export function servedFolders({ cwd, folders = [] }: Pick<Settings, "cwd" | "folders">): FoldersOf {
  return (tenant) => (tenant === localTenant ? [cwd, ...folders] : []);
}

/** Which folder is wanted, and what is served. */
export interface FolderRequest {
  /** Relative to the first of `folders`, or absolute; absent: that one itself. */
  readonly named?: string;
  readonly folders: readonly string[];
  /** Where Tau keeps its data: nobody works there. */
  readonly home: string;
}

/**
 * The folder that is named, absolute and without links, if it is served. What is not there and what is not served look the
 * same: nobody learns from the answer what else the machine has.
 *
 * @throws TauError `environment.denied`
 */
export async function servedFolder({ named = ".", folders, home }: FolderRequest): Promise<string> {
  const [own] = folders;
  if (own === undefined) throw notServed();
  const folder = await folderAt(resolve(own, named));
  const roots = await Promise.all(folders.map(folderAt));
  const isServed = folder !== undefined && roots.some((root) => root !== undefined && isIn(folder, root));
  const kept = await folderAt(home);
  if (!isServed || (kept !== undefined && isIn(folder, kept))) throw notServed();
  return folder;
}

async function folderAt(path: string): Promise<string | undefined> {
  const found = await realpath(path).catch(() => undefined);
  if (found === undefined) return undefined;
  return (await stat(found).catch(() => undefined))?.isDirectory() === true ? found : undefined;
}

/** Tells whether a folder is another one, or below it; both without links. */
export function isIn(folder: string, root: string): boolean {
  return folder === root || folder.startsWith(root === "/" ? root : `${root}/`);
}

function notServed(): TauError {
  const reason =
    "is outside of the folders that are served, or is not there; name one below your own workspace, or have whoever runs the server add it to [serve] folders in its tau.toml";
  return new TauError("environment.denied", `workspace ${reason}.`, {
    details: { violations: [{ field: "workspace", reason }] },
  });
}
