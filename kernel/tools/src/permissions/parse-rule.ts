import { parseArgvPattern } from "./argv-pattern.ts";
import { invalidRule } from "./invalid-rule.ts";
import { parsePathPattern } from "./path-pattern.ts";
import type {
  CompiledRule,
  PermissionLayer,
  PermissionRule,
  PermissionRules,
  RulePattern,
  Verdict,
} from "./rule.ts";
import type { RuleOrigin } from "./rule-layer.ts";
import { toWildcard } from "./wildcard.ts";

const howToWrite =
  "Write it as read(src/**), write(*.md), bash(npm test), network(example.org) or a tool's name";

/** Reads every rule of a set; throws `permission.invalid_rule` for the first that cannot be read. */
export function parseRules(rules: PermissionRules, origin: RuleOrigin): readonly CompiledRule[] {
  const verdicts: readonly Verdict[] = ["deny", "ask", "allow"];
  return verdicts.flatMap((verdict) =>
    (rules[verdict] ?? []).map((entry) => parseRule(entry, verdict, origin)),
  );
}

/** Reads the rules of a layer. Throws as {@link parseRules}. */
export function parseLayer({
  layer,
  rules,
  source,
  trusted = true,
}: PermissionLayer): readonly CompiledRule[] {
  const from = source === undefined ? {} : { source };
  const trust = trusted ? {} : ({ untrusted: true } as const);
  return parseRules(rules, layer).map((rule) => ({ ...rule, ...from, ...trust }));
}

/**
 * Reads one rule:
 *
 * - `*`: everything
 * - `read`, `read(path)`, `write`, `write(path)`: files, whichever tool or redirection touches them
 * - `bash`, `bash(words)`: commands; `*` at the end is any further words, `(a|b)` is either word
 * - `network`, `network(host)`: connections
 * - `send`, `send(host)`: requests that do more at the host than look; they need `network` too
 * - any other name, `*` in it for anything: the tools of that name; with a path, the files they touch
 *
 * Throws `permission.invalid_rule`.
 */
export function parseRule(
  entry: string | PermissionRule,
  verdict: Verdict,
  origin: RuleOrigin = "user",
): CompiledRule {
  const text = typeof entry === "string" ? entry : entry.rule;
  const reason = typeof entry === "string" ? undefined : entry.reason;
  const pattern = parsePattern(text, verdict !== "allow");
  return { text, verdict, origin, pattern, ...(reason === undefined ? {} : { reason }) };
}

function parsePattern(text: string, broad: boolean): RulePattern {
  const parts = /^(?<name>[\w.:*-]+)(?:\((?<argument>.*)\))?$/su.exec(text.trim())?.groups;
  const name = parts?.["name"];
  if (name === undefined) throw invalidRule(text, "cannot be read", howToWrite);
  const argument = parts?.["argument"];

  switch (name) {
    case "*":
      if (argument !== undefined) throw invalidRule(text, "has parentheses after *", howToWrite);
      return { kind: "any" };
    case "read":
    case "write":
      return {
        kind: name,
        ...(argument === undefined ? {} : { path: parsePathPattern(text, argument, broad) }),
      };
    case "bash":
      return {
        kind: "command",
        ...(argument === undefined ? {} : { argv: parseArgvPattern(text, argument) }),
      };
    case "network":
    case "send":
      if (argument === undefined) return { kind: name };
      if (!/^[\w.:*[\]-]+$/u.test(argument)) {
        throw invalidRule(
          text,
          "has a host that cannot be one",
          "Write a host such as *.example.org, without https:// or a path",
        );
      }
      return { kind: name, host: toWildcard(argument) };
    default:
      return {
        kind: "tool",
        name: toWildcard(name),
        ...(argument === undefined ? {} : { path: parsePathPattern(text, argument, broad) }),
      };
  }
}
