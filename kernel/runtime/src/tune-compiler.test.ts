import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { expect, test } from "vitest";

const run = promisify(execFile);
const example = fileURLToPath(new URL("tune-compiler.example.ts", import.meta.url));
// Compiled at once instead of beside the program, what happens depends on the number of calls only.
const flags = ["--trace-opt", "--no-concurrent-recompilation"];

test.each([
  ["V8 does not yet compile fully what 2,000 turns call", [], false],
  ["a tuned compiler does", ["tuned"], true],
])("%s", async (_, args, isCompiled) => {
  const { stdout } = await run(process.execPath, ["--conditions=@tau/source", ...flags, example, ...args]);

  expect(/JSFunction turn .*to TURBOFAN/u.test(stdout)).toBe(isCompiled);
});
