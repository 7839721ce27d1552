import { execFile } from "node:child_process";
import { globSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

import type { Fence } from "./markdown.ts";
import type { Workspace } from "./workspace.ts";

const run = promisify(execFile);

/** Long enough for any example on a busy machine; an example that waits for ever must still fail. */
const timeoutMs = 100_000;

/**
 * Runs a TypeScript block as a newcomer would, in a process of its own, and says what went wrong.
 *
 * The folder of the Markdown file is the current one, so that the block's imports are resolved from there.
 */
export async function runFence(workspace: Workspace, fence: Fence): Promise<string | undefined> {
  const args = ["--conditions=@tau/source", "--input-type=module-typescript", "--eval", fence.code];
  const cwd = join(workspace.root, dirname(fence.file));
  try {
    await run(process.execPath, args, { cwd, timeout: timeoutMs, env: { ...process.env, NODE_OPTIONS: "" } });
    return undefined;
  } catch (error) {
    return `${fence.file}:${fence.line}: ${messageOf(error)}`;
  }
}

/** Type-checks blocks, all at once, and returns the compiler's complaints. */
export async function checkFences(
  workspace: Workspace,
  fences: readonly Fence[],
): Promise<readonly string[]> {
  // Inside the root, where the blocks' imports are found.
  const folder = await mkdtemp(join(workspace.root, ".tau-readme-"));
  try {
    const names = fences.map(({ file, line }) => `${file.replaceAll(/[/.]/g, "-")}-${line}.ts`);
    await Promise.all(
      fences.map(({ code }, at) => writeFile(join(folder, names[at] ?? ""), `${code}\nexport {};\n`)),
    );
    const options = { composite: false, noEmit: true };
    // Declarations that belong to no import of the blocks, but to sources that the imports reach.
    const ambient = globSync("{kernel,extensions,apps,sdk}/*/src/**/*.d.ts", { cwd: workspace.root });
    const config = {
      extends: "../tsconfig.base.json",
      compilerOptions: options,
      files: [...names, ...ambient.map((path) => `../${path}`)],
    };
    await writeFile(join(folder, "tsconfig.json"), JSON.stringify(config));
    await run("tsc", ["-p", folder, "--pretty", "false"], { cwd: workspace.root });
    return [];
  } catch (error) {
    return messageOf(error).split("\n");
  } finally {
    await rm(folder, { recursive: true });
  }
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const stdout = "stdout" in error && typeof error.stdout === "string" ? error.stdout : "";
  const stderr = "stderr" in error && typeof error.stderr === "string" ? error.stderr : "";
  return `${stdout}\n${stderr}`.trim() || error.message;
}
