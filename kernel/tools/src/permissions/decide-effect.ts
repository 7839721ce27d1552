import { unreachable } from "@tau/core";

import type { EnvironmentProfile } from "../environment.ts";
import type { EffectRequest } from "../permission.ts";
import type { Decision } from "./decision.ts";
import type { CallEffect } from "./call-effect.ts";
import { describeEffect } from "./describe-effect.ts";
import type { Match } from "./match-argv.ts";
import { matchRule, toRuleSubject } from "./match-rule.ts";
import type { RuleSubject } from "./match-rule.ts";
import { pinProblem, shadowingFile } from "./program-pin.ts";
import type { CompiledPin } from "./program-pin.ts";
import type { RuleIndex } from "./rule-index.ts";
import type { CompiledRule, Verdict } from "./rule.ts";

/** What deciding needs to know beside the effect. */
export interface DecisionSettings {
  readonly rules: RuleIndex;
  /** What the caller was asked before and allowed for longer than once. */
  readonly grants: readonly CompiledRule[];
  readonly pins: readonly CompiledPin[];
  readonly profile: EnvironmentProfile["access"];
  readonly enforced: boolean;
  readonly approvals: "ask" | "never" | "policy";
  readonly home: string;
  /** The hash of the environment's profile. */
  readonly profileHash?: string | undefined;
  /** Whether the changes of commands are looked at before they are made, unless a rule allows them. */
  readonly review: boolean;
}

/** What a rule says of an effect. */
export interface RuleMatch {
  readonly rule: CompiledRule;
  readonly match: Match;
}

/** How one effect was decided, in the engine's own terms. */
export interface DecidedEffect {
  readonly decision: Decision;
  readonly subject: RuleSubject;
  /** The rules that count and match, or may. */
  readonly matches: readonly RuleMatch[];
}

/** Decides on one effect: deny beats ask, ask beats allow, and what nothing covers is the profile's to decide. */
export function decideEffect(
  effect: CallEffect,
  request: EffectRequest,
  settings: DecisionSettings,
): DecidedEffect {
  const subject = toRuleSubject(effect, {
    tool: request.tool.name,
    workspace: request.workspace,
    home: settings.home,
    profile: settings.profileHash,
  });
  const matches = matchesOf(subject, settings);
  if (matches.length === 0 && isGuess(effect)) return { decision: unrestricted, subject, matches };
  const described = describeEffect(effect, request);
  const [distrusted, trusted] = partition(matches);
  const restrictions = (some: readonly RuleMatch[]): readonly Decision[] =>
    some.flatMap(({ rule, match }) => restriction(rule, match, described, settings));
  const decided =
    strictest([...restrictions(trusted), ...uncertainty(effect, settings)]) ??
    permission(effect, { request, settings, described, matches: trusted });
  // Where nobody is asked without a rule, an ask rule is a door: one that nobody trusts must not open it.
  const tightened = [...restrictions(distrusted), ...pinned(effect, settings)];
  const decision = strictest([decided, ...tightened]) ?? decided;
  return { decision, subject, matches };
}

/** A guess needs no permission: only what forbids has something to say about it. */
function matchesOf(subject: RuleSubject, settings: DecisionSettings): readonly RuleMatch[] {
  const { effect } = subject;
  const { restricting, byEffect, byPath } = settings.rules;
  const matches: RuleMatch[] = [];
  const look = (rules: readonly CompiledRule[]): void => {
    for (const rule of rules) {
      if (whyNotCounted(rule, effect, settings) !== undefined) continue;
      const match = matchRule(rule, subject);
      if (match !== "no") matches.push({ rule, match });
    }
  };
  if (isGuess(effect)) look(restricting[effect.kind]);
  else {
    look(settings.grants);
    look(byEffect[effect.kind]);
  }
  if ((effect.kind === "read" || effect.kind === "write") && byPath[effect.kind].size > 0) {
    let path = "";
    for (const name of subject.file?.folded ?? []) {
      path += `/${name}`;
      const rules = byPath[effect.kind].get(path);
      if (rules !== undefined) look(rules);
    }
  }
  return matches;
}

const unrestricted: Decision = {
  decision: "allow",
  reason: "No rule restricts what the argument names.",
};

/** Tells whether an effect is only what an argument may name. */
export function isGuess(effect: CallEffect): boolean {
  return "by" in effect && (effect.by === "argument" || effect.by === "guess");
}

/** A pin holds in every profile and environment: the name in a rule, or in a question, must mean what it says. */
function pinned(effect: CallEffect, settings: DecisionSettings): readonly Decision[] {
  return settings.pins.flatMap((pin) => {
    const problem = pinProblem(pin, effect);
    return problem === undefined
      ? []
      : [unsettled(problem, settings, { text: `programs.${pin.name}`, origin: pin.origin })];
  });
}

function partition(matches: readonly RuleMatch[]): readonly [readonly RuleMatch[], readonly RuleMatch[]] {
  if (!matches.some(({ rule }) => rule.untrusted === true)) return [[], matches];
  return [
    matches.filter(({ rule }) => rule.untrusted === true),
    matches.filter(({ rule }) => rule.untrusted !== true),
  ];
}

/**
 * The strictest of some decisions; of several as strict, the first that a rule made, and a review last, since looking at
 * the changes settles nothing else. Absent when there are none.
 */
export function strictest<T extends Decision>(decisions: readonly T[]): T | undefined {
  const verdicts: readonly Verdict[] = ["deny", "ask", "allow"];
  const verdict = verdicts.find((each) => decisions.some(({ decision }) => decision === each));
  const equal = decisions.filter(({ decision }) => decision === verdict);
  return (
    equal.find(({ rule }) => rule !== undefined) ?? equal.find(({ review }) => review !== true) ?? equal[0]
  );
}

/**
 * Why a rule does not count for an effect, if it does not.
 *
 * Rules of an enforced profile are kept by the environment itself, with the same effect and without guesses: what a
 * command's arguments seem to name, and writes to its private /tmp, are left to it.
 */
export function whyNotCounted(
  rule: CompiledRule,
  effect: CallEffect,
  { enforced }: DecisionSettings,
): string | undefined {
  if (rule.untrusted === true && rule.verdict === "allow") return "what is not trusted yet may only tighten";
  if (rule.origin !== "profile" || !enforced) return undefined;
  if (effect.kind !== "read" && effect.kind !== "write") return undefined;
  const counts = effect.by === "tool" || (effect.by === "redirect" && !effect.path.startsWith("/tmp/"));
  return counts ? undefined : "the environment sees to it";
}

function restriction(
  rule: CompiledRule,
  match: Match,
  effect: string,
  settings: DecisionSettings,
): readonly Decision[] {
  if (rule.verdict === "allow") return [];
  const verb = rule.verdict === "deny" ? "forbids" : "wants a person to see";
  if (match === "maybe") {
    return [
      unsettled(`${effect} may be what the rule ${rule.text} ${verb}; write it out plainly`, settings, rule),
    ];
  }
  const hint = rule.verdict === "deny" ? "Do it another way, or ask the person to change the rule." : "";
  const reason = `The rule ${rule.text} ${verb} ${effect}. ${rule.reason ?? hint}`.trimEnd();
  if (rule.verdict === "ask" && settings.approvals === "never") {
    return [{ decision: "deny", reason: `${reason} Nobody is asked in this run.`, ...named(rule) }];
  }
  return [{ decision: rule.verdict, reason, ...named(rule) }];
}

/** The decision on what no rule settles: ask when someone is there to be asked, else deny. */
function unsettled(
  problem: string,
  settings: DecisionSettings,
  rule?: Pick<CompiledRule, "text" | "origin">,
): Decision {
  const decided: Decision =
    settings.approvals === "ask"
      ? { decision: "ask", reason: `${problem}.` }
      : {
          decision: "deny",
          reason: `${problem}. Nobody is asked in this run: do it another way, or have a rule allow it.`,
        };
  return rule === undefined ? decided : { ...decided, ...named(rule) };
}

function named({ text, origin }: Pick<CompiledRule, "text" | "origin">): Pick<Decision, "rule" | "layer"> {
  return { rule: text, layer: origin };
}

function uncertainty(effect: CallEffect, settings: DecisionSettings): readonly Decision[] {
  if (effect.kind !== "doubt") return [];
  const { reason, hides } = effect.doubt;
  const trusted = settings.enforced || settings.profile === "full";
  const evadable = settings.rules.all.some((rule) => canBeEvaded(rule, hides, settings));
  if (trusted && !evadable) return [];
  return [unsettled(`The command cannot be judged by its words: ${reason}`, settings)];
}

/** Whether what a doubt hides could be just what a rule is about. */
function canBeEvaded(
  rule: CompiledRule,
  hides: "command" | "file" | "meaning",
  settings: DecisionSettings,
): boolean {
  if (rule.verdict === "allow" || (settings.enforced && rule.origin === "profile")) return false;
  if (hides === "command") return rule.pattern.kind === "command" && rule.pattern.argv !== undefined;
  return hides === "file" && (rule.pattern.kind === "read" || rule.pattern.kind === "write");
}

interface Unrestricted {
  readonly request: EffectRequest;
  readonly settings: DecisionSettings;
  readonly described: string;
  readonly matches: readonly RuleMatch[];
}

function permission(effect: CallEffect, { request, settings, described, matches }: Unrestricted): Decision {
  const shadow = shadowingFile(effect);
  const rule = matches.find(
    (found) =>
      found.rule.verdict === "allow" &&
      found.match === "yes" &&
      (shadow === undefined || found.rule.origin === "profile"),
  )?.rule;
  if (rule !== undefined && effect.kind !== "doubt") {
    return {
      decision: "allow",
      reason: rule.reason ?? `The rule ${rule.text} allows ${described}.`,
      ...named(rule),
    };
  }
  const reason = defaultPermission(effect, request, settings);
  if (reason !== undefined) return { decision: "allow", reason };
  if (settings.review && isByCommand(effect)) {
    return {
      decision: "ask",
      reason: `No rule allows ${described}, so what it changes is looked at first.`,
      review: true,
    };
  }
  return unsettled(
    shadow === undefined
      ? `No rule covers ${described}, and the profile ${settings.profile} does not include it`
      : `The name in ${described} means ${shadow}, a file of the workspace`,
    settings,
  );
}

/** What only a command does: its changes can be held and shown. */
function isByCommand(effect: CallEffect): boolean {
  if (effect.kind === "command" || effect.kind === "doubt") return true;
  return effect.kind === "write" && effect.by === "redirect";
}

/** Why an effect that no rule names is allowed all the same, or nothing when it is not. */
function defaultPermission(
  effect: CallEffect,
  request: EffectRequest,
  settings: DecisionSettings,
): string | undefined {
  const enforced = `The environment enforces the profile ${settings.profile} on commands.`;
  switch (effect.kind) {
    case "doubt":
      if (settings.review) return undefined;
      return settings.enforced ? enforced : `The profile ${settings.profile} includes it.`;
    case "command":
      if (settings.enforced && !settings.review) return enforced;
      if (effect.command.argv.length === 0) return "It runs no program.";
      return effect.command.role === "transparent" ? "What it runs is decided on by itself." : undefined;
    case "read":
    case "write":
      if (effect.by === "argument" || effect.by === "guess")
        return "No rule restricts what the argument names.";
      return effect.by === "redirect" && settings.enforced && !settings.review ? enforced : undefined;
    case "other":
      return request.tool.sideEffect === "pure" ? `${request.tool.name} only looks.` : undefined;
    case "network":
    case "send":
      return effect.by === "argument" ? "No rule restricts what the argument names." : undefined;
    default:
      return unreachable(effect);
  }
}
