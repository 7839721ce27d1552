import { readFileSync } from "node:fs";

/** Where file systems are mounted, as this process sees them. */
export function mountPoints(): readonly string[] {
  return readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => unescaped(line.split(" ")[4] ?? ""));
}

/** The kernel writes a space, a tab, a newline and a backslash as three octal digits. */
function unescaped(text: string): string {
  return text.replaceAll(/\\([0-7]{3})/gu, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}
