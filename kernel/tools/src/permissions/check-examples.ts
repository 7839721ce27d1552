import { posix } from "node:path";

import { TauError, unreachable } from "@tau/core";

import { effectsOfCall } from "./effects-of-call.ts";
import type { CallEffect } from "./call-effect.ts";
import { matchRule, toRuleSubject } from "./match-rule.ts";
import { parseRule } from "./parse-rule.ts";
import type { CompiledRule, PermissionRule, PermissionRules } from "./rule.ts";

const workspace = "/workspace";

/** Runs the examples that come with rules; throws `permission.example_failed` for the first that does not hold. */
export function checkExamples(rules: PermissionRules, home: string): void {
  for (const verdict of ["deny", "ask", "allow"] as const) {
    for (const entry of rules[verdict] ?? []) {
      if (typeof entry !== "string") checkRule(entry, parseRule(entry, verdict), home);
    }
  }
}

function checkRule(entry: PermissionRule, rule: CompiledRule, home: string): void {
  const examples = [
    ...(entry.match ?? []).map((text) => ({ text, expected: true })),
    ...(entry.notMatch ?? []).map((text) => ({ text, expected: false })),
  ];
  for (const { text, expected } of examples) {
    if (covers(rule, text, home) === expected) continue;
    throw new TauError(
      "permission.example_failed",
      `The ${rule.verdict} rule "${rule.text}" ${expected ? "does not cover" : "covers"} "${text}", against its ${expected ? "match" : "notMatch"} example. Change the rule or the example.`,
      { details: { rule: rule.text, example: text } },
    );
  }
}

/** An allow rule covers a command when it covers every part of it; the others, when they may cover any. */
function covers(rule: CompiledRule, example: string, home: string): boolean {
  const { pattern } = rule;
  const tool =
    pattern.kind !== "tool" ? "example" : pattern.path === undefined ? example : pattern.name.join("");
  const matches = effectsOfExample(rule, example, home).map((effect) =>
    matchRule(rule, toRuleSubject(effect, { tool, workspace, home })),
  );
  return rule.verdict === "allow"
    ? matches.every((match) => match === "yes")
    : matches.some((match) => match !== "no");
}

function effectsOfExample(rule: CompiledRule, example: string, home: string): readonly CallEffect[] {
  switch (rule.pattern.kind) {
    case "read":
    case "write": {
      const path = posix.resolve(workspace, example.replace(/^~(?=\/|$)/, home));
      return [{ kind: rule.pattern.kind, path, by: "tool" }];
    }
    case "network":
    case "send":
      return [{ kind: rule.pattern.kind, host: example, by: "tool" }];
    case "command":
      return effectsOfCall(
        {
          tool: { name: "bash", sideEffect: "irreversible" },
          access: [{ kind: "command", source: example, cwd: workspace }],
          workspace,
        },
        home,
      ).filter(({ kind }) => kind === "command" || kind === "doubt");
    case "tool":
      if (rule.pattern.path === undefined) return [{ kind: "other" }];
      return [{ kind: "read", path: posix.resolve(workspace, example), by: "tool" }];
    case "any":
      return [{ kind: "other" }];
    default:
      return unreachable(rule.pattern);
  }
}
