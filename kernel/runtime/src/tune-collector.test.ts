import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { expect, test } from "vitest";

const run = promisify(execFile);
const example = fileURLToPath(new URL("tune-collector.example.ts", import.meta.url));
// A small young generation fills soon; what V8 decides on objects shows in its trace.
const flags = ["--max-semi-space-size=1", "--trace-pretenuring", "--trace-pretenuring-statistics"];

test.each([
  ["V8 makes objects old by itself", [], true],
  ["a tuned collector lets every object begin young", ["tuned"], false],
])("%s", async (_, args, isDecided) => {
  const { stdout } = await run(process.execPath, ["--conditions=@tau/source", ...flags, example, ...args]);

  expect(/=> tenure$/mu.test(stdout)).toBe(isDecided);
});
