import { describe, expect, it } from "vitest";

import { matchesPath, toPathNames } from "./match-path.ts";
import { parseRule } from "./parse-rule.ts";
import { bash, policyOf } from "./policy.test.support.ts";
import type { CompiledRule, PermissionRules } from "./rule.ts";

describe("rules that cannot be read", () => {
  it.each([
    ["", "cannot be read"],
    ["read(", "cannot be read"],
    ["read src", "cannot be read"],
    ["*(x)", "parentheses after *"],
    ["read()", "no path"],
    ["read(a except b except c)", "several exceptions"],
    ["read(../x)", "climbs"],
    ["read({a,b)", "braces"],
    [`read(${"{a,b}".repeat(7)})`, "more than 64 paths"],
    ["bash()", "names no program"],
    ["bash(rm; ls)", "cannot be read from"],
    ["bash(echo $HOME)", "cannot be read from"],
    ["bash(echo 'x)", "cannot be read from"],
    ["bash(git (status|diff)", "open ("],
    ["bash(git sta(tus))", "inside a word"],
    ["bash(git a|b)", "inside a word"],
    ["network(https://example.org)", "without https://"],
  ])("%s", (rule, problem) => {
    expect(() => policyOf({ rules: { deny: [rule] } })).toThrowError(
      expect.objectContaining({ code: "permission.invalid_rule", message: expect.stringContaining(problem) }),
    );
    expect(() => policyOf({ rules: { deny: [rule] } })).toThrow(`"${rule}"`);
  });
});

describe("path rules", () => {
  const roots = { workspace: toPathNames("/w"), home: toPathNames("/home/ada") };
  const covers = ({ pattern }: CompiledRule, path: string): boolean =>
    pattern.kind === "read" &&
    pattern.path !== undefined &&
    matchesPath(pattern.path, toPathNames(path), roots);

  it.each([
    ["src/**", ["/w/src", "/w/src/a", "/w/src/a/b"], ["/w/srcs", "/w", "/src/a"]],
    ["*.ts", ["/w/a.ts"], ["/w/a/b.ts", "/w/a.tsx"]],
    ["**/*.ts", ["/w/a.ts", "/w/a/b/c.ts"], ["/a.ts", "/w/a.ts/b"]],
    ["a/**/b/**/c", ["/w/a/b/c", "/w/a/x/b/y/z/c"], ["/w/a/c/b", "/w/a/b"]],
    ["a?c", ["/w/abc"], ["/w/ac", "/w/abbc", "/w/a/c"]],
    ["*?.md", ["/w/a.md", "/w/ab.md"], ["/w/.md"]],
    ["{a,b}/c", ["/w/a/c", "/w/b/c"], ["/w/c", "/w/{a,b}/c"]],
    ["~/notes/*", ["/home/ada/notes/a"], ["/w/notes/a", "/home/ada/notes/a/b"]],
    ["/etc/hosts", ["/etc/hosts"], ["/w/etc/hosts"]],
    ["pages/[id].tsx", ["/w/pages/[id].tsx"], ["/w/pages/i.tsx"]],
    ["** except **/*.key", ["/w/a"], ["/w/a.key", "/w/b/a.key", "/x"]],
  ])("allow %s", (pattern, covered, uncovered) => {
    const rule = parseRule(`read(${pattern})`, "allow");
    expect(covered.filter((path) => !covers(rule, path))).toEqual([]);
    expect(uncovered.filter((path) => covers(rule, path))).toEqual([]);
  });

  it("mean more when they deny: what is below, elsewhere, and in other case", () => {
    const rule = parseRule("read(**/Key*)", "deny");
    const paths = ["/w/key", "/x/KEYS/a/b", "/w/a/key1"];
    expect(paths.filter((path) => covers(rule, path))).toEqual(paths);
  });

  it("match in no time, whatever the pattern", () => {
    const rule = parseRule(`read(${"**/*a*a*a*a*b/".repeat(20)}x)`, "allow");
    expect(covers(rule, `/w/${`${"a".repeat(200)}/`.repeat(200)}y`)).toBe(false);
  });
});

describe("examples", () => {
  const load =
    (rules: PermissionRules): (() => unknown) =>
    () =>
      policyOf({ rules });

  it("hold when the rule covers what it says", () => {
    const rules: PermissionRules = {
      deny: [
        { rule: "bash(rm *)", match: ["rm -rf x", "ls; sudo rm x"], notMatch: ["ls", "git rm x"] },
        { rule: "read(**/*.key)", match: ["a/b.key", "/etc/x.key"], notMatch: ["a.keys"] },
        { rule: "network(*.example.org)", match: ["a.example.org"], notMatch: ["example.org"] },
        { rule: "send(*.example.org)", match: ["a.example.org"], notMatch: ["example.org"] },
        { rule: "mcp_*", match: ["mcp_x"], notMatch: ["bash"] },
        { rule: "edit(docs/**)", match: ["docs/a"], notMatch: ["src/a"] },
      ],
      allow: [
        {
          rule: "bash(npm (test|ci))",
          match: ["npm ci", "npm ci; npm test"],
          notMatch: ["npm ci; npm run x", "npm $x"],
        },
      ],
    };
    expect(policyOf({ rules }).decide(bash("npm ci")).decision).toBe("allow");
  });

  it("stop the rules from loading when they do not", () => {
    expect(load({ deny: [{ rule: "bash(rm)", notMatch: ["rm -rf x"] }] })).toThrowError(
      expect.objectContaining({
        code: "permission.example_failed",
        message:
          'The deny rule "bash(rm)" covers "rm -rf x", against its notMatch example. Change the rule or the example.',
      }),
    );
    expect(load({ allow: [{ rule: "bash(npm test)", match: ["npm test -w"] }] })).toThrow("does not cover");
  });
});
