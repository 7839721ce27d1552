import { unreachable } from "@tau/core";

import type { CallEffect } from "./call-effect.ts";
import { holdsFor } from "./grant.ts";
import type { GrantRule } from "./grant.ts";
import { matchesArgvBroadly, matchesArgvExactly } from "./match-argv.ts";
import type { Match } from "./match-argv.ts";
import { matchesHost } from "./match-host.ts";
import { matchesPath, toPathNames } from "./match-path.ts";
import type { PathNames, PathRoots } from "./match-path.ts";
import type { PathPattern } from "./path-pattern.ts";
import type { CompiledRule } from "./rule.ts";
import type { ShellCommand } from "./shell-effects.ts";
import { matchesWildcard } from "./wildcard.ts";

/** Programs whose arguments often name programs without running them. */
const talkers = new Set(
  `apk apt apt-cache apt-get brew cargo cd composer docker echo gem git gh go grep helm kill killall kubectl ls make man
  npm pgrep pip pip3 pkill podman printf rg systemctl test type which [`.split(/\s+/),
);

/** Subcommands by which some of them run another program after all: `npm x`, `docker compose exec`. */
const running = /^(?:x )|\b(?:exec|dlx|explore|run|debug|alias|each)\b/;

/** An effect with what rules compare it to, worked out once for all of them. */
export interface RuleSubject {
  readonly effect: CallEffect;
  readonly file: PathNames | undefined;
  readonly tool: string;
  readonly workspace: string;
  /** The hash of the environment's profile, which grants are bound to. */
  readonly profile: string | undefined;
  readonly roots: PathRoots;
}

/** What is the same for all effects of a call. */
export interface SubjectFrame {
  readonly tool: string;
  readonly workspace: string;
  readonly home: string;
  readonly profile?: string | undefined;
}

let lastRoots: { readonly key: string; readonly roots: PathRoots } | undefined;

/** The same folders are asked for again and again. */
function rootsOf(workspace: string, home: string): PathRoots {
  const key = `${workspace}\0${home}`;
  if (lastRoots?.key !== key)
    lastRoots = { key, roots: { workspace: toPathNames(workspace), home: toPathNames(home) } };
  return lastRoots.roots;
}

/** Makes what {@link matchRule} looks at. */
export function toRuleSubject(
  effect: CallEffect,
  { tool, workspace, home, profile }: SubjectFrame,
): RuleSubject {
  const file = effect.kind === "read" || effect.kind === "write" ? toPathNames(effect.path) : undefined;
  const roots = rootsOf(workspace, home);
  return { effect, file, tool, workspace, profile, roots };
}

/** Tells whether a rule covers an effect. */
export function matchRule(rule: CompiledRule, subject: RuleSubject): Match {
  const match = matchPattern(rule, subject);
  if (match === "no" || !isGrant(rule)) return match;
  return holdsFor(rule, subject.effect, subject) ? match : "no";
}

function isGrant(rule: CompiledRule): rule is GrantRule {
  return "granted" in rule;
}

function matchPattern(rule: CompiledRule, { effect, file, tool, workspace, roots }: RuleSubject): Match {
  const { pattern } = rule;
  switch (pattern.kind) {
    case "any":
      return isUnknownCommand(rule, effect) ? "no" : "yes";
    case "tool":
      if (isUnknownCommand(rule, effect)) return "no";
      if (!matchesWildcard(pattern.name, tool)) return "no";
      return pattern.path === undefined || isFileIn(pattern.path, file, roots) ? "yes" : "no";
    case "read":
    case "write":
      if (effect.kind !== pattern.kind) return "no";
      if (pattern.path === undefined) return effect.by === "guess" ? "no" : "yes";
      if (!isFileIn(pattern.path, file, roots)) return "no";
      return effect.by === "guess" ? "maybe" : "yes";
    case "command":
      if (effect.kind === "doubt") return pattern.argv === undefined ? "yes" : "no";
      if (effect.kind !== "command") return "no";
      return matchCommand(rule, effect.command, { workspace, cwd: effect.folders });
    case "network":
    case "send":
      if ((effect.kind !== "network" && effect.kind !== "send") || effect.kind !== pattern.kind) return "no";
      return pattern.host === undefined || matchesHost(pattern.host, effect.host) ? "yes" : "no";
    default:
      return unreachable(pattern);
  }
}

/** A configured rule allows only commands whose every word is known; the profile `full` means what it says. */
function isUnknownCommand(rule: CompiledRule, effect: CallEffect): boolean {
  if (rule.verdict !== "allow" || rule.origin === "profile" || effect.kind !== "command") return false;
  return effect.command.argv.some(({ value }) => value === undefined);
}

function isFileIn(pattern: PathPattern, file: PathNames | undefined, roots: PathRoots): boolean {
  return file !== undefined && matchesPath(pattern, file, roots);
}

function matchCommand(
  rule: CompiledRule,
  command: ShellCommand,
  folders: { readonly workspace: string; readonly cwd: readonly string[] },
): Match {
  const argv = rule.pattern.kind === "command" ? rule.pattern.argv : undefined;
  if (rule.verdict === "allow") {
    const known = command.argv.every(({ value }) => value !== undefined);
    return known && (argv === undefined || matchesArgvExactly(argv, command.argv, folders)) ? "yes" : "no";
  }
  if (argv === undefined) return "yes";
  const whole = matchesArgvBroadly(argv, command.argv);
  if (whole === "yes" || command.role === "transparent") return whole;

  const isInner = command.argv.some(
    (_, index) => index > 0 && matchesArgvBroadly(argv, command.argv.slice(index)) === "yes",
  );
  if (command.role === "launcher") return isInner ? "yes" : whole;
  if (!isInner) return whole;
  // Any program may run the command that its arguments spell out; only the well-known ones are known not to.
  const program = command.argv[0]?.value ?? "";
  const operands = command.argv.slice(1).flatMap(({ value = "-" }) => (value.startsWith("-") ? [] : [value]));
  const talks = talkers.has(program) && !running.test(`${operands.slice(0, 2).join(" ")} `);
  return talks ? whole : "maybe";
}
