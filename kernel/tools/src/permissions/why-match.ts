import { unreachable } from "@tau/core";

import type { ArgvPattern, WordPattern } from "./argv-pattern.ts";
import type { CallEffect } from "./call-effect.ts";
import type { Match } from "./match-argv.ts";
import type { RuleSubject } from "./match-rule.ts";
import type { CompiledRule } from "./rule.ts";
import { matchesWildcard } from "./wildcard.ts";
import type { Wildcard } from "./wildcard.ts";

const about: Readonly<Record<CallEffect["kind"], string>> = {
  read: "reads a file",
  write: "writes a file",
  command: "runs a program",
  network: "connects to a host",
  send: "sends to a host",
  doubt: "cannot be read",
  other: "is the tool's own",
};

/** Says why a rule covers an effect, or may, or does not: a clause for a person who wonders. */
export function whyMatch(rule: CompiledRule, { effect, tool }: RuleSubject, match: Match): string {
  if (match === "yes") return "covers it";
  if (match === "maybe") return "may cover it: words are computed, or could mean the same";
  if ("granted" in rule)
    return "is a grant for exactly one thing, in one place, with the same files and profile";
  const { pattern } = rule;
  switch (pattern.kind) {
    case "any":
      return "allows no words that are computed";
    case "tool":
      if (!matchesWildcard(pattern.name, tool)) return `is about the tool ${show(pattern.name)}, not ${tool}`;
      return pattern.path === undefined ? "allows no words that are computed" : "is about files elsewhere";
    case "command":
      if (effect.kind === "command") return whyNotCommand(rule, pattern.argv, effect.command.argv);
      return `is about programs, and this ${about[effect.kind]}`;
    case "read":
    case "write":
    case "network":
    case "send":
      if (effect.kind !== pattern.kind)
        return `is about what ${about[pattern.kind]}, and this ${about[effect.kind]}`;
      return effect.kind === "read" || effect.kind === "write"
        ? "is about files elsewhere"
        : "is about other hosts";
    default:
      return unreachable(pattern);
  }
}

function whyNotCommand(
  { verdict }: CompiledRule,
  pattern: ArgvPattern | undefined,
  argv: readonly { readonly text: string; readonly value: string | undefined }[],
): string {
  const computed = argv.find(({ value }) => value === undefined)?.text;
  if (verdict === "allow" && computed !== undefined) return `allows no words that are computed: ${computed}`;
  if (pattern === undefined) return "is about programs";
  const [program, ...words] = argv;
  const name = program?.value ?? "";
  const bare = name.slice(name.lastIndexOf("/") + 1);
  if (!pattern.program.some((one) => matchesWildcard(one, name) || matchesWildcard(one, bare)))
    return `is about the program ${showWord(pattern.program)}`;
  if (verdict !== "allow") return `wants other words than these: ${pattern.words.map(showWord).join(" ")}`;
  const wrong = pattern.words.findIndex(
    (one, index) => !one.some((each) => matchesWildcard(each, words[index]?.value ?? "")),
  );
  if (wrong !== -1)
    return `wants ${showWord(pattern.words[wrong] ?? [])} as word ${wrong + 2}, not ${words[wrong]?.text ?? "nothing"}`;
  if (words.length > pattern.words.length && !pattern.rest)
    return `has no * at its end for ${words[pattern.words.length]?.text ?? ""}`;
  return "is about a program in another place";
}

function showWord(word: WordPattern): string {
  return word.map(show).join("|");
}

function show(wildcard: Wildcard): string {
  return wildcard.join("*");
}
