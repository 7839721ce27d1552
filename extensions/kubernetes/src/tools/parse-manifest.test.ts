import { isTauError } from "@tau/core";
import { describe, expect, test } from "vitest";

import { maxManifestLength, parseManifest } from "./parse-manifest.ts";

const head = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: web\n";

function refusalOf(text: string): string {
  try {
    return JSON.stringify(parseManifest(text));
  } catch (error) {
    return isTauError(error) ? `${error.code}: ${error.message}` : String(error);
  }
}

describe("parseManifest()", () => {
  test("reads an object without what only the cluster writes, names that are numbers as they are", () => {
    expect(
      parseManifest(
        `${head}  uid: x\n  resourceVersion: "1"\ndata:\n  8080: &port http\n  other: *port\nstatus: {}\n`,
      ),
    ).toEqual({
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "web" },
      data: { 8080: "http", other: "http" },
    });
  });

  // None of these ended within a test's time.
  test.each([
    [
      "closing what was never open",
      "]".repeat(maxManifestLength),
      /not YAML: Unexpected flow-seq-end.*line 1/u,
    ],
    ["closing it after an object", `${head}${"]".repeat(150_000)}`, /not YAML/u],
    [
      "keys in keys",
      `${head}? ? ${"? ".repeat(200)}`,
      /not YAML: With stringKeys, all keys must be strings/u,
    ],
    [
      "lists as keys in maps",
      `${head}a: ${"{? ".repeat(300)}${"}".repeat(300)}`,
      /not YAML: With stringKeys/u,
    ],
    [
      "many names, one of them twice",
      `${head}data:\n${numbered(17_000)}  k7: x\n`,
      /keys must be unique \(line 6\)/u,
    ],
    ["errors everywhere", "*a ".repeat(66_000), /not YAML: .*line 1/u],
    ["aliases of aliases", bomb(), /kubernetes\.invalid: The manifest uses too many aliases/u],
    [
      "anchors made anew before each alias",
      `${head}data: [${"&a 1,*a,".repeat(24_000)}]`,
      /kubernetes\.invalid: The manifest uses too many aliases/u,
    ],
    [
      "lists in lists",
      `${head}a: ${"[".repeat(90_000)}${"]".repeat(90_000)}`,
      /: The manifest is nested too deeply\.$/u,
    ],
  ])("refuses %s", (_, text, expected) => {
    const said = refusalOf(text);
    expect(said).toMatch(expected);
    expect(said.length).toBeLessThan(1_000);
  });

  test("says how much is read", () => {
    expect(refusalOf("#".repeat(maxManifestLength + 1))).toBe(
      "kubernetes.invalid: The manifest has 200001 characters; at most 200000 are read. Apply less at once, or have a person do it with kubectl.",
    );
  });
});

function numbered(count: number): string {
  return Array.from({ length: count }, (_, index) => `  k${index}: 1\n`).join("");
}

function bomb(): string {
  const lists = Array.from({ length: 12 }, (_, level) => {
    const below = level === 0 ? "x" : `*a${level - 1}`;
    return `a${level}: &a${level} [${Array.from({ length: 9 }, () => below).join(", ")}]`;
  });
  return `${head}${lists.join("\n")}\n`;
}
