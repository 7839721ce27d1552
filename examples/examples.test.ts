import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

import { expect, test } from "vitest";

const run = promisify(execFile);
const folder = import.meta.dirname;

/** Runs an example as its first lines say. */
async function outputOf(file: string): Promise<readonly string[]> {
  const { stdout } = await run(process.execPath, ["--conditions=@tau/source", join(folder, file)]);
  return stdout.trimEnd().split("\n");
}

test("custom-tool.ts pays the small sum back and refuses the large one", async () => {
  expect(await outputOf("custom-tool.ts")).toEqual([
    'refund {"order":"A-1","cents":900}: allow',
    'refund {"order":"A-2","cents":90000}: deny',
    "completed",
    "denied",
    "completed",
  ]);
});

test("embeddings.ts finds the text about the cat", async () => {
  expect((await outputOf("embeddings.ts")).at(-1)).toBe("nearest: the cat sat on the mat (40 tokens)");
});

test("resume-after-crash.ts does nothing twice", async () => {
  const lines = await outputOf("resume-after-crash.ts");
  expect(lines).toContain("The first process ended with SIGKILL.");
  for (const type of ["run_resumed", "approval_answered", "run_finished"])
    expect(lines).toContainEqual(expect.stringMatching(new RegExp(`^second \\d+ ${type}$`, "u")));
  expect(lines.slice(-2)).toEqual(["one", "two"]);
});

test("every example is in the table", () => {
  const readme = readFileSync(join(folder, "README.md"), "utf8");
  const files = readdirSync(folder).filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts"));
  for (const file of files) expect(readme).toContain(`[\`${file}\`](${file})`);
});
