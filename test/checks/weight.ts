import { globSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

import { type LockPackages, nearestEntry } from "./lockfile.ts";
import { isTestFile, type Workspace } from "./workspace.ts";

/** One package that an installation of the given packages brings along. */
export interface InstalledPackage {
  readonly name: string;
  readonly bytes: number;
  readonly hasInstallScript: boolean;
}

/**
 * Everything that installing `names` installs, by the lockfile, with its size on disk.
 *
 * Our own packages count their sources twice: a build adds JavaScript and declarations, which together are about as large
 * (`npm run check:pack` measures the real tarballs).
 */
export function closureOf(workspace: Workspace, names: readonly string[]): readonly InstalledPackage[] {
  const lock: { readonly packages: LockPackages } = JSON.parse(
    readFileSync(join(workspace.root, "package-lock.json"), "utf8"),
  );
  const found = new Map<string, InstalledPackage>();
  const visit = (name: string, from: string): void => {
    const path = nearestEntry(lock.packages, from, name);
    const entry = path === undefined ? undefined : lock.packages[path];
    if (path === undefined || entry === undefined) throw new Error(`${name} is not in package-lock.json`);
    const folder = entry.link ? (entry.resolved ?? path) : path;
    if (found.has(folder)) return;
    const own = workspace.packages.find((one) => one.folder === folder);
    const bytes =
      own === undefined ? sizeOf(workspace.root, folder) : sizeOfSources(workspace.root, own.files) * 2;
    const real = lock.packages[folder] ?? entry;
    found.set(folder, { name, bytes, hasInstallScript: real.hasInstallScript ?? false });
    for (const next of Object.keys({ ...real.dependencies, ...real.optionalDependencies }))
      visit(next, folder);
  };
  for (const name of names) visit(name, "");
  return [...found.values()];
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
