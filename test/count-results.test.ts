import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";

const folder = mkdtempSync(join(tmpdir(), "tau-count-"));
afterAll(() => rmSync(folder, { recursive: true }));

interface Run {
  readonly tests?: object;
  readonly testStatus: string;
  readonly check: string;
  readonly checkStatus: string;
}

/** The line that `.ci/run` ends with. */
function count({ tests, testStatus, check, checkStatus }: Run): string {
  const report = join(folder, tests === undefined ? "none.json" : "tests.json");
  if (tests !== undefined) writeFileSync(report, JSON.stringify(tests));
  writeFileSync(join(folder, "check.txt"), check);
  const script = join(import.meta.dirname, "../scripts/count-results.mjs");
  const args = [script, report, testStatus, join(folder, "check.txt"), checkStatus];
  try {
    return execFileSync(process.execPath, args, { encoding: "utf8" });
  } catch (error) {
    return error instanceof Error && "stdout" in error ? String(error.stdout) : "";
  }
}

const green = { numPassedTests: 5, numFailedTests: 0, testResults: [] };
const checked = { check: "ok types\n\ncheck: 6 passed, 0 failed\n", checkStatus: "0" };

test.each([
  ["adds tests and checks", { tests: green, testStatus: "0", ...checked }, "11 passed, 0 failed\n"],
  [
    "counts failures of both",
    {
      tests: { ...green, numFailedTests: 2 },
      testStatus: "1",
      check: "check: 4 passed, 2 failed\n",
      checkStatus: "1",
    },
    "9 passed, 4 failed\n",
  ],
  [
    "counts a file that does not load",
    {
      tests: { ...green, testResults: [{ status: "failed", assertionResults: [] }] },
      testStatus: "1",
      ...checked,
    },
    "11 passed, 1 failed\n",
  ],
  [
    "counts an error outside of any test",
    { tests: green, testStatus: "1", ...checked },
    "11 passed, 1 failed\n",
  ],
  [
    "counts an installation that failed",
    { testStatus: "1", check: "", checkStatus: "1" },
    "0 passed, 2 failed\n",
  ],
])("%s", (_, run, line) => {
  expect(count(run)).toBe(line);
});
