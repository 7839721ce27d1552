import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { lstat, mkdir, mkdtemp, rename } from "node:fs/promises";
import { join, relative } from "node:path";
import { promisify } from "node:util";

import { removeTree } from "../overlay/record.ts";
import { treeFingerprint } from "../overlay/tree-fingerprint.ts";

/** A path that was put back, and the new name of what a command left there; relative to the workspace. */
export interface PutBackPath {
  readonly from: string;
  readonly to?: string;
}

/** Keeps copies of paths that no rule can protect, and puts them back when a command changed them. */
export interface PutBack extends AsyncDisposable {
  /** Copies what changed since the last time; to be called before a command. */
  remember(): Promise<void>;
  /** Puts back what a command changed. */
  putBack(): Promise<readonly PutBackPath[]>;
}

/** Makes a {@link PutBack} of those of `paths` that exist when a command starts. Copies lie out of a command's sight. */
export function createPutBack(workspace: string, paths: readonly string[], parent: string): PutBack {
  const copies = new Map<string, { readonly fingerprint: string; readonly copy: string }>();
  let folder: string | undefined;

  const copyOf = async (path: string, index: number): Promise<void> => {
    const stats = await lstat(path).catch(() => undefined);
    const known = copies.get(path);
    if (stats === undefined) {
      copies.delete(path);
      return;
    }
    const fingerprint = await treeFingerprint(path);
    if (known?.fingerprint === fingerprint) return;
    folder ??= await mkdtemp(join(parent, "kept-"));
    const copy = join(folder, String(index));
    await removeTree(copy);
    await copyTree(path, copy);
    copies.set(path, { fingerprint, copy });
  };

  return {
    async remember() {
      for (const [index, path] of paths.entries()) await copyOf(path, index);
    },
    async putBack() {
      const moved: PutBackPath[] = [];
      for (const [path, { fingerprint, copy }] of copies) {
        if ((await treeFingerprint(path)) === fingerprint) continue;
        const aside = `${path}.quarantined-${randomBytes(4).toString("hex")}`;
        const there = (await lstat(path).catch(() => undefined)) !== undefined;
        if (there) await rename(path, aside);
        await mkdir(join(path, ".."), { recursive: true });
        await copyTree(copy, path);
        copies.set(path, { fingerprint: await treeFingerprint(path), copy });
        moved.push({ from: relative(workspace, path), ...(there ? { to: relative(workspace, aside) } : {}) });
      }
      return moved;
    },
    async [Symbol.asyncDispose]() {
      if (folder !== undefined) await removeTree(folder);
    },
  };
}

async function copyTree(from: string, to: string): Promise<void> {
  await promisify(execFile)("cp", ["-a", "--", from, to]);
}
