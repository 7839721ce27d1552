import { globSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

import { isTestFile, type Workspace } from "./workspace.ts";

interface LockEntry {
  readonly link?: boolean;
  readonly resolved?: string;
  readonly hasInstallScript?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/** One package that an installation of the given packages brings along. */
export interface InstalledPackage {
  readonly name: string;
  readonly bytes: number;
  readonly hasInstallScript: boolean;
}

/**
 * Everything that installing `names` installs, by the lockfile, with its size on disk.
 *
 * Our own packages count their sources three times: a build adds JavaScript, declarations and maps, which
 * together are about twice the sources (`npm run check:pack` measures the real tarballs).
 */
export function closureOf(workspace: Workspace, names: readonly string[]): readonly InstalledPackage[] {
  const lock: { readonly packages: Readonly<Record<string, LockEntry>> } = JSON.parse(
    readFileSync(join(workspace.root, "package-lock.json"), "utf8"),
  );
  const found = new Map<string, InstalledPackage>();
  const visit = (name: string, from: string): void => {
    const path = resolvePath(lock.packages, name, from);
    const entry = path === undefined ? undefined : lock.packages[path];
    if (path === undefined || entry === undefined) throw new Error(`${name} is not in package-lock.json`);
    const folder = entry.link ? (entry.resolved ?? path) : path;
    if (found.has(folder)) return;
    const own = workspace.packages.find((one) => one.folder === folder);
    const bytes =
      own === undefined ? sizeOf(workspace.root, folder) : sizeOfSources(workspace.root, own.files) * 3;
    const real = lock.packages[folder] ?? entry;
    found.set(folder, { name, bytes, hasInstallScript: real.hasInstallScript ?? false });
    for (const next of Object.keys({ ...real.dependencies, ...real.optionalDependencies }))
      visit(next, folder);
  };
  for (const name of names) visit(name, "");
  return [...found.values()];
}

/** Finds a package as Node does: in the nearest node_modules. */
function resolvePath(
  packages: Readonly<Record<string, LockEntry>>,
  name: string,
  from: string,
): string | undefined {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf("/node_modules/")))) {
    const path = folder === "" ? `node_modules/${name}` : `${folder}/node_modules/${name}`;
    if (path in packages) return path;
    if (folder === "") return undefined;
  }
}

function sizeOf(root: string, folder: string): number {
  const files = globSync(`${folder}/**/*`, { cwd: root, exclude: [`${folder}/node_modules/**`] });
  return files.reduce((sum, file) => {
    const stats = statSync(join(root, file));
    return sum + (stats.isFile() ? stats.size : 0);
  }, 0);
}

function sizeOfSources(root: string, files: readonly string[]): number {
  return files
    .filter((file) => !isTestFile(file) || file.includes("/testing/"))
    .reduce((sum, file) => sum + statSync(join(root, file)).size, 0);
}
