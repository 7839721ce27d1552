import { randomUUID } from "node:crypto";
import { constants } from "node:fs";
import { open, rename, rmdir, unlink } from "node:fs/promises";

import type { AnchoredFolder } from "./anchored-folder.ts";
import { openParent } from "./file-reading.ts";
import { memoryExists, memoryRefused, memoryTooLarge } from "./memory-errors.ts";
import { foldPath } from "./memory-path.ts";
import { systemCode } from "./system-code.ts";

// Everything here runs while the write lock is held: nobody else of Tau changes names meanwhile.

/** A file to be. */
export interface NamedFile {
  readonly path: string;
  readonly names: readonly string[];
}

const draftPrefix = ".tau-draft-";

/** Writes a file: readers see the old one or the new one. @throws TauError `memory.exists`, `memory.refused_file`, `memory.too_large` */
export async function writeText(
  root: AnchoredFolder,
  { path, names, text, maxFiles }: NamedFile & { readonly text: string; readonly maxFiles: number },
): Promise<void> {
  await using folder = await makeParent(root, { path, names });
  const name = names.at(-1) ?? "";
  const existing = await folder.stats(name);
  if (existing?.isDirectory() === true) throw memoryExists(path, `${path}/`);
  if (existing !== undefined && !existing.isFile()) throw memoryRefused(path);
  if (existing === undefined) await assertRoom(root, names[0] ?? "", maxFiles);
  await removeDrafts(folder);
  const draft = folder.entry(`${draftPrefix}${randomUUID()}`);
  try {
    await fill(draft, text);
    await rename(draft, folder.entry(name));
  } catch (error) {
    await unlink(draft).catch(() => undefined);
    throw error;
  }
  await folder.sync();
}

async function fill(draft: string, text: string): Promise<void> {
  const { O_CREAT, O_EXCL, O_NOFOLLOW, O_WRONLY } = constants;
  await using file = await open(draft, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  await file.writeFile(text);
  await file.sync();
}

/** Removes a file or a link, and the folders that are empty then; false when there is none. */
export async function removeFile(root: AnchoredFolder, names: readonly string[]): Promise<boolean> {
  const parent = await openParent(root, names);
  if (parent === undefined) return false;
  await using folder = parent;
  const name = names.at(-1) ?? "";
  const stats = (await folder.names()).includes(name) ? await folder.stats(name) : undefined;
  if (stats === undefined || stats.isDirectory()) return false;
  await unlink(folder.entry(name));
  await folder.sync();
  await removeEmpty(root, names.slice(0, -1));
  return true;
}

/** Moves a file to a name that is free. @throws TauError `memory.exists` */
export async function moveFile(root: AnchoredFolder, from: NamedFile, to: NamedFile): Promise<void> {
  const source = await openParent(root, from.names);
  if (source === undefined) return;
  await using old = source;
  {
    await using folder = await makeParent(root, to);
    const name = to.names.at(-1) ?? "";
    if ((await folder.stats(name)) !== undefined) throw memoryExists(to.path);
    await rename(old.entry(from.names.at(-1) ?? ""), folder.entry(name));
    await folder.sync();
  }
  await old.sync();
  await removeEmpty(root, from.names.slice(0, -1));
}

/** Opens the folder that a file is to be in, made when missing, once no other spelling of a name is there. */
async function makeParent(root: AnchoredFolder, { path, names }: NamedFile): Promise<AnchoredFolder> {
  let folder = await root.makeFolder(".");
  for (const [index, name] of names.entries()) {
    const current: AnchoredFolder = folder;
    try {
      await assertSpelling(current, path, { index, name, names });
      if (index === names.length - 1) return current;
      folder = await current.makeFolder(name);
    } catch (error) {
      await current[Symbol.asyncDispose]();
      // A file where the path has a folder; a link is refused as such by whoever translates the error.
      if (systemCode(error) === "ENOTDIR" && (await isFile(root, names.slice(0, index + 1))))
        throw memoryExists(path, names.slice(0, index + 1).join("/"));
      throw error;
    }
    await current[Symbol.asyncDispose]();
  }
  return folder;
}

async function isFile(root: AnchoredFolder, names: readonly string[]): Promise<boolean> {
  const parent = await openParent(root, names);
  if (parent === undefined) return false;
  await using folder = parent;
  return (await folder.stats(names.at(-1) ?? ""))?.isFile() === true;
}

async function assertSpelling(
  folder: AnchoredFolder,
  path: string,
  {
    index,
    name,
    names,
  }: { readonly index: number; readonly name: string; readonly names: readonly string[] },
): Promise<void> {
  const folded = foldPath(name);
  const other = (await folder.names()).find((one) => one !== name && foldPath(one) === folded);
  if (other !== undefined) throw memoryExists(path, [...names.slice(0, index), other].join("/"));
}

async function removeEmpty(root: AnchoredFolder, names: readonly string[]): Promise<void> {
  for (let length = names.length; length > 0; length--) {
    const parent = await openParent(root, names.slice(0, length));
    if (parent === undefined) return;
    await using folder = parent;
    const isGone = await rmdir(folder.entry(names[length - 1] ?? "")).then(
      () => true,
      () => false,
    );
    if (!isGone) return;
  }
}

/** What a killed process left behind; nobody writes one now, for the lock is held. */
async function removeDrafts(folder: AnchoredFolder): Promise<void> {
  for (const name of await folder.names())
    if (name.startsWith(draftPrefix)) await unlink(folder.entry(name)).catch(() => undefined);
}

async function assertRoom(root: AnchoredFolder, namespace: string, maxFiles: number): Promise<void> {
  const folder = await root.folder(namespace);
  if (folder === undefined) return;
  await using opened = folder;
  if ((await countFiles(opened)) >= maxFiles) throw memoryTooLarge(`${namespace}/`, `${maxFiles} files`);
}

async function countFiles(folder: AnchoredFolder): Promise<number> {
  const { files, folders } = await folder.count();
  let count = files;
  for (const name of folders) {
    const below = await folder.folder(name).catch(() => undefined);
    if (below === undefined) continue;
    await using opened = below;
    count += await countFiles(opened);
  }
  return count;
}
