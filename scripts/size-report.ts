/** What `npm run sizes` prints: how long the files are, in lines of code without blanks and comments. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { isTestFile, readWorkspace } from "../test/checks/workspace.ts";

const root = join(import.meta.dirname, "..");

/** Counts lines that hold code. A comment that shares its line with code counts as code. */
function codeLines(file: string): number {
  const text = readFileSync(join(root, file), "utf8").replaceAll(/^\s*\/\*[\s\S]*?\*\/\s*$/gm, "");
  return text.split("\n").filter((line) => line.trim() !== "" && !line.trim().startsWith("//")).length;
}

function summary(files: readonly string[]): Readonly<Record<string, number | string>> {
  const sizes = files.map(codeLines).toSorted((a, b) => a - b);
  const at = (share: number): number =>
    sizes[Math.min(sizes.length - 1, Math.floor(sizes.length * share))] ?? 0;
  const upTo = (limit: number): string =>
    `${Math.round((100 * sizes.filter((size) => size <= limit).length) / Math.max(1, sizes.length))} %`;
  return {
    files: sizes.length,
    lines: sizes.reduce((sum, size) => sum + size, 0),
    median: at(0.5),
    p90: at(0.9),
    max: sizes.at(-1) ?? 0,
    "≤ 60": upTo(60),
    "≤ 200": upTo(200),
  };
}

const { packages } = readWorkspace(root);
const all = packages.flatMap(({ files }) => files);
const rows = packages.map(({ name, files }) => [name, summary(files.filter((file) => !isTestFile(file)))]);
console.table({
  ...Object.fromEntries(rows),
  "all sources": summary(all.filter((file) => !isTestFile(file))),
  "all tests": summary(all.filter(isTestFile)),
});
