/**
 * What `npm run check:pack` runs: builds every package afresh, packs it as for publishing, lints the
 * tarball strictly, and imports each entry from a folder that holds the tarballs and nothing of ours else.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { globSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { closureOf } from "../test/checks/weight.ts";
import { readWorkspace } from "../test/checks/workspace.ts";

const root = join(import.meta.dirname, "..");
const workspace = readWorkspace(root);
const folder = mkdtempSync(join(tmpdir(), "tau-pack-"));

/** Runs a program and shows what it says; its failure ends this one. */
function run(program: string, args: readonly string[], cwd = root): void {
  const { status } = spawnSync(program, args, { cwd, stdio: ["ignore", "inherit", "inherit"] });
  if (status !== 0) throw new Error(`"${program} ${args.slice(0, 2).join(" ")}" failed in ${cwd}`);
}

function bytesOf(directory: string): number {
  return globSync("**/*", { cwd: directory })
    .map((file) => statSync(join(directory, file)))
    .reduce((sum, stats) => sum + (stats.isFile() ? stats.size : 0), 0);
}

try {
  for (const { folder: place } of workspace.packages)
    rmSync(join(root, place, "dist"), { recursive: true, force: true });
  run(process.execPath, ["--conditions=@tau/source", "scripts/build.ts"]);

  const modules = join(folder, "node_modules");
  mkdirSync(join(modules, "@tau"), { recursive: true });
  for (const name of readdirSync(join(root, "node_modules"))) {
    if (name !== "@tau" && !name.startsWith("."))
      symlinkSync(join(root, "node_modules", name), join(modules, name));
  }
  for (const { name, folder: place } of workspace.packages) {
    const pack = ["pack", "--silent", "--pack-destination", folder];
    const file = execFileSync("npm", pack, { cwd: join(root, place), encoding: "utf8" }).trim();
    run("publint", ["run", join(folder, file), "--strict"]);
    const target = join(modules, name);
    mkdirSync(target);
    run("tar", ["xzf", join(folder, file), "-C", target, "--strip-components=1"]);
    // The demo's project has tests for its agent to run; they are part of what is published.
    const tests = globSync("{dist,src}/**/*.test.*", { cwd: target });
    if (tests.length > 0) throw new Error(`${name} would publish its tests: ${tests.join(", ")}`);
    console.log(`${name}: ${Math.round(bytesOf(target) / 1000)} kB`);
  }

  const entries = workspace.packages.flatMap(({ name, manifest }) =>
    Object.keys(manifest.exports ?? {}).map((path) => name + path.slice(1)),
  );
  // Contract suites declare tests when they are imported, which only vitest allows.
  const importable = entries.filter((entry) => !entry.endsWith("/testing"));
  const imports = importable.map((entry) => `await import(${JSON.stringify(entry)});`).join("\n");
  run(process.execPath, ["--input-type=module", "--eval", imports], folder);

  const closure = closureOf(workspace, ["@tau/runtime", "@tau/agent"]);
  const bytes = closure
    .map((one) => (one.name.startsWith("@tau/") ? bytesOf(join(modules, one.name)) : one.bytes))
    .reduce((sum, size) => sum + size, 0);
  console.log(`@tau/runtime with @tau/agent: ${closure.length} packages, ${(bytes / 1e6).toFixed(1)} MB`);
  if (closure.length > 12 || bytes > 8_000_000)
    throw new Error("The kernel has become too heavy: 12 packages, 8 MB.");
  console.log(`packed, linted and imported: ${importable.join(", ")}`);
} finally {
  rmSync(folder, { recursive: true });
}
