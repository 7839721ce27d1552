import { matchesGlob } from "node:path";

import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { compileGlob } from "./glob-pattern.ts";

describe("compileGlob", () => {
  it.each([
    ["*.ts", "a.ts", true],
    ["*.ts", "src/a.ts", true],
    ["/*.ts", "src/a.ts", false],
    ["./*.ts", "src/a.ts", false],
    ["src/*", "src/a/b", false],
    ["src/**", "src/a/b", true],
    ["src/**/b", "src/b", true],
    ["**/test/**/*.ts", "a/test/b/c.ts", true],
    ["a?c", "abc", true],
    ["a?c", "a😀c", true],
    ["[!a]b", "ab", false],
    ["[a-c]b", "bb", true],
    ["[]a]", "]", true],
    ["{a,b{c,d}}.x", "bd.x", true],
    ["\\*", "*", true],
    ["\\*", "a", false],
    ["!a", "!a", true],
  ])("%s on %s: %s", (pattern, path, expected) => {
    expect(compileGlob(pattern)(path)).toBe(expected);
  });

  it("agrees with Node's own matcher on plain wildcards", () => {
    const part = fc.string({ minLength: 1, maxLength: 4, unit: fc.constantFrom("a", "b", "c") });
    const wild = fc.string({ minLength: 1, maxLength: 5, unit: fc.constantFrom("a", "b", "c", "*", "?") });
    const segment = fc.oneof({ weight: 3, arbitrary: wild }, { weight: 1, arbitrary: fc.constant("**") });
    fc.assert(
      fc.property(
        fc.array(segment, { minLength: 1, maxLength: 4 }),
        fc.array(part, { minLength: 1, maxLength: 5 }),
        (pattern, path) => {
          const glob = `x/${pattern.map((one) => (one === "**" ? one : one.replaceAll(/\*+/g, "*"))).join("/")}/y`;
          const name = `x/${path.join("/")}/y`;
          expect(compileGlob(glob)(name), `${glob} on ${name}`).toBe(matchesGlob(name, glob));
        },
      ),
      { numRuns: 500 },
    );
  });

  it("is not slowed down by hostile patterns", () => {
    const hostile = compileGlob(`${"*a".repeat(400)}b`);
    expect(hostile("a".repeat(4000))).toBe(false);
    expect(() => compileGlob("{a,b}".repeat(20))).toThrowError(
      expect.objectContaining({ code: "search.invalid_pattern" }),
    );
  });
});
