import { readFileSync } from "node:fs";
import { join } from "node:path";

import { isTestFile, type Workspace } from "./workspace.ts";

/**
 * The files that run a tool: each decides first, and writes the decision down. Whoever adds one says here where else a tool
 * may be run, and shows it in `kernel/runtime/src/complete-mediation.test.ts` or a test like it.
 */
const mayRun: ReadonlySet<string> = new Set([
  "kernel/runtime/src/perform-effect.ts",
  "kernel/runtime/src/hold-effect.ts",
  "kernel/mcp/src/server/offer-tools.ts",
  // `execute` of a registry: for programs that do without a runtime.
  "kernel/tools/src/tool-set.ts",
]);

const running = /\.run\(\s*prepared\b|\b(?:registry|tools|set|view)\s*\.execute\(/u;

/** Finds files that run tools beside the ones that decide first. Tests and examples may. */
export function findExecutors({ root, packages }: Workspace): readonly string[] {
  return packages
    .flatMap(({ files }) => files)
    .filter(
      (file) => !isTestFile(file) && !mayRun.has(file) && !/\.(?:test\.support|example)\.ts$/u.test(file),
    )
    .filter((file) => running.test(readFileSync(join(root, file), "utf8")))
    .map((file) => `${file} runs a tool: have the runtime do that, which decides first and writes it down.`);
}
