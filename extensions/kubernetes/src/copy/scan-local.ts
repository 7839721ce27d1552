import { lstat, readdir, readlink } from "node:fs/promises";
import { join } from "node:path";

import { isSecretFileName } from "@tau/tools";

/** Something below the workspace, on this machine. */
export interface LocalEntry {
  readonly kind: "file" | "folder" | "link";
  readonly size: number;
  readonly mode: number;
  readonly mtimeMs: number;
  /** Where a link points; empty for others. */
  readonly target: string;
  /** Differs whenever the entry was changed. */
  readonly signature: string;
}

/** Which names stay on their side: excluded ones, secrets, and those that no list of lines can carry. */
export function staysBehind(name: string, exclude: ReadonlySet<string>): boolean {
  return exclude.has(name) || isSecretFileName(name) || name.includes("\n");
}

/** What the workspace holds, by relative path, folders before what is in them. Sockets, pipes and devices are left out. */
export async function scanLocal(
  workspace: string,
  exclude: ReadonlySet<string>,
): Promise<ReadonlyMap<string, LocalEntry>> {
  const found = new Map<string, LocalEntry>();
  const visit = async (folder: string): Promise<void> => {
    for (const { name } of await readdir(join(workspace, folder), { withFileTypes: true })) {
      if (staysBehind(name, exclude)) continue;
      const path = folder === "" ? name : `${folder}/${name}`;
      const entry = await localEntry(join(workspace, path));
      if (entry === undefined) continue;
      found.set(path, entry);
      if (entry.kind === "folder") await visit(path);
    }
  };
  await visit("");
  return found;
}

/** Undefined for what is not there, and for what is neither a file, a folder nor a link. */
export async function localEntry(path: string): Promise<LocalEntry | undefined> {
  try {
    const stats = await lstat(path);
    const mode = stats.mode & 0o777;
    const shared = { size: stats.size, mode, mtimeMs: stats.mtimeMs };
    if (stats.isDirectory()) return { ...shared, kind: "folder", target: "", signature: "folder" };
    if (stats.isSymbolicLink()) {
      const target = await readlink(path);
      return { ...shared, kind: "link", target, signature: `link ${target}` };
    }
    if (!stats.isFile()) return undefined;
    const signature = ["file", stats.size, stats.mtimeMs, stats.ctimeMs, stats.ino, mode].join(" ");
    return { ...shared, kind: "file", target: "", signature };
  } catch {
    return undefined; // gone between the list and the look
  }
}
