/**
 * What `npm run build` runs: compiles every package, then makes the JavaScript of the kernel's packages.
 *
 * A process that imports a package pays for each file. So a kernel package, whose tsconfig.json emits only
 * declarations, is published as few files: one for each entry, one for what entries share, one for each part that is loaded
 * when it is needed. Packages do not contain one another.
 */
import { spawnSync } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";

import { rolldown } from "rolldown";

import { readWorkspace } from "../test/checks/workspace.ts";
import type { Package } from "../test/checks/workspace.ts";

const root = join(import.meta.dirname, "..");
const compiled = spawnSync("tsc", ["-b", "--pretty", "false"], { cwd: root, stdio: "inherit" });
if (compiled.status !== 0) process.exit(compiled.status ?? 1);
for (const one of readWorkspace(root).packages) if (emitsOnlyDeclarations(one)) await bundle(one);

function emitsOnlyDeclarations({ folder }: Package): boolean {
  return readFileSync(join(root, folder, "tsconfig.json"), "utf8").includes('"emitDeclarationOnly": true');
}

/** Writes `dist/<entry>.js` for every entry of the package's `exports`. */
async function bundle({ folder, manifest }: Package): Promise<void> {
  const entries = Object.values(manifest.exports ?? {}).map((conditions) => {
    const { default: output = "", "@tau/source": source = "" } = conditions;
    return [output.replace(/^\.\/dist\/(.*)\.js$/, "$1"), source] as const;
  });
  // The names of shared files carry a hash of their content: older ones would stay for ever.
  rmSync(join(root, folder, "dist/parts"), { recursive: true, force: true });
  const build = await rolldown({
    cwd: join(root, folder),
    input: Object.fromEntries(entries),
    external: (id) => !id.startsWith(".") && !id.startsWith("/"),
    platform: "node",
    tsconfig: false,
  });
  await build.write({
    dir: "dist",
    format: "esm",
    chunkFileNames: "parts/[name]-[hash].js",
  });
  await build.close();
}
