import { globSync, readFileSync } from "node:fs";
import { join, relative, sep } from "node:path";

/** The part of a package.json that the checks read. */
export interface Manifest {
  readonly name: string;
  readonly workspaces?: readonly string[];
  readonly scripts?: Readonly<Record<string, string>>;
  readonly exports?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/** One package of the workspace. */
export interface Package {
  readonly name: string;
  /** Relative to the root, with forward slashes: `kernel/core`. */
  readonly folder: string;
  readonly manifest: Manifest;
  /** Every hand-written TypeScript file below `src`, relative to the root, sorted. */
  readonly files: readonly string[];
}

/** A repository with npm workspaces: this one, or the small one that the planted violations live in. */
export interface Workspace {
  readonly root: string;
  readonly manifest: Manifest;
  readonly packages: readonly Package[];
}

/** Reads the workspace at `root`. Generated code (folders named `gen`) is left out. */
export function readWorkspace(root: string): Workspace {
  const manifest = readManifest(join(root, "package.json"));
  const patterns = (manifest.workspaces ?? []).map((pattern) => `${pattern}/package.json`);
  const packages = globSync(patterns, { cwd: root })
    .map(toPosix)
    .toSorted()
    .map((path) => readPackage(root, path.slice(0, -"/package.json".length)));
  return { root, manifest, packages };
}

function readPackage(root: string, folder: string): Package {
  const manifest = readManifest(join(root, folder, "package.json"));
  const files = globSync(`${folder}/src/**/*.ts`, { cwd: root, exclude: ["**/gen/**"] });
  return { name: manifest.name, folder, manifest, files: files.map(toPosix).toSorted() };
}

function readManifest(path: string): Manifest {
  const manifest: Manifest = JSON.parse(readFileSync(path, "utf8"));
  return manifest;
}

/** Tells whether `file` exists for tests: a test, or a contract suite that others run. */
export function isTestFile(file: string): boolean {
  return /\.test\.|\/testing\//.test(file);
}

/** The path of `file` as seen from `root`, with forward slashes. */
export function pathFrom(root: string, file: string): string {
  return toPosix(relative(root, file));
}

function toPosix(path: string): string {
  return path.split(sep).join("/");
}
