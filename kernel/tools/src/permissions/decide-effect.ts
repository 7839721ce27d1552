import { unreachable } from "@tau/core";

import type { EnvironmentProfile } from "../environment.ts";
import type { Decision, EffectRequest } from "../permission.ts";
import type { CallEffect } from "./call-effect.ts";
import { describeEffect } from "./describe-effect.ts";
import type { Match } from "./match-argv.ts";
import { matchRule, toRuleSubject } from "./match-rule.ts";
import type { CompiledRule, Verdict } from "./rule.ts";

/** What deciding needs to know beside the effect. */
export interface DecisionSettings {
  readonly rules: readonly CompiledRule[];
  readonly profile: EnvironmentProfile["access"];
  readonly enforced: boolean;
  readonly approvals: "ask" | "never" | "policy";
  readonly home: string;
}

/** A rule that had something to say about an effect. */
export interface ConsideredRule {
  readonly rule: string;
  readonly verdict: Verdict;
  readonly origin: CompiledRule["origin"];
  readonly match: Exclude<Match, "no">;
}

/** How one effect of a call was decided. */
export interface EffectDecision extends Decision {
  /** The effect, in words. */
  readonly effect: string;
  readonly considered: readonly ConsideredRule[];
}

/** Decides on one effect: deny beats ask, ask beats allow, and what nothing covers is the profile's to decide. */
export function decideEffect(
  effect: CallEffect,
  request: EffectRequest,
  settings: DecisionSettings,
): EffectDecision {
  const subject = toRuleSubject(effect, {
    tool: request.tool.name,
    workspace: request.workspace,
    home: settings.home,
  });
  const matches = settings.rules
    .filter((rule) => countsFor(rule, effect, settings))
    .map((rule) => ({ rule, match: matchRule(rule, subject) }))
    .filter(({ match }) => match !== "no");
  const described = describeEffect(effect, request);
  const decisions = [
    ...matches.flatMap(({ rule, match }) => restriction(rule, match, described, settings)),
    ...uncertainty(effect, settings),
  ];
  const considered = matches.map(({ rule, match }): ConsideredRule => ({
    rule: rule.text,
    verdict: rule.verdict,
    origin: rule.origin,
    match: match === "yes" ? "yes" : "maybe",
  }));
  const decision = strictest(decisions) ?? permission(effect, { request, settings, described, matches });
  return { ...decision, effect: described, considered };
}

/** The strictest of some decisions; of several as strict, the first that a rule made. Absent when there are none. */
export function strictest<T extends Decision>(decisions: readonly T[]): T | undefined {
  const verdicts: readonly Verdict[] = ["deny", "ask", "allow"];
  const verdict = verdicts.find((each) => decisions.some(({ decision }) => decision === each));
  const equal = decisions.filter(({ decision }) => decision === verdict);
  return equal.find(({ rule }) => rule !== undefined) ?? equal[0];
}

/**
 * Rules of an enforced profile are kept by the environment itself, with the same effect and without guesses: what a
 * command's arguments seem to name, and writes to its private /tmp, are left to it.
 */
function countsFor(rule: CompiledRule, effect: CallEffect, settings: DecisionSettings): boolean {
  if (rule.origin === "configured" || !settings.enforced) return true;
  if (effect.kind !== "read" && effect.kind !== "write") return true;
  return effect.by === "tool" || (effect.by === "redirect" && !effect.path.startsWith("/tmp/"));
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
      unsettled(
        `${effect} may be what the rule ${rule.text} ${verb}; write it out plainly`,
        settings,
        rule.text,
      ),
    ];
  }
  const hint = rule.verdict === "deny" ? "Do it another way, or ask the person to change the rule." : "";
  const reason = `The rule ${rule.text} ${verb} ${effect}. ${rule.reason ?? hint}`.trimEnd();
  if (rule.verdict === "ask" && settings.approvals === "never") {
    return [{ decision: "deny", reason: `${reason} Nobody is asked in this run.`, rule: rule.text }];
  }
  return [{ decision: rule.verdict, reason, rule: rule.text }];
}

/** The decision on what no rule settles: ask when someone is there to be asked, else deny. */
function unsettled(problem: string, settings: DecisionSettings, rule?: string): Decision {
  const decided: Decision =
    settings.approvals === "ask"
      ? { decision: "ask", reason: `${problem}.` }
      : {
          decision: "deny",
          reason: `${problem}. Nobody is asked in this run: do it another way, or have a rule allow it.`,
        };
  return rule === undefined ? decided : { ...decided, rule };
}

function uncertainty(effect: CallEffect, settings: DecisionSettings): readonly Decision[] {
  if (effect.kind !== "doubt") return [];
  const { reason, hides } = effect.doubt;
  const trusted = settings.enforced || settings.profile === "full";
  const evadable = settings.rules.some((rule) => canBeEvaded(rule, hides, settings));
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
  readonly matches: readonly { readonly rule: CompiledRule; readonly match: Match }[];
}

function permission(effect: CallEffect, { request, settings, described, matches }: Unrestricted): Decision {
  const rule = matches.find((found) => found.rule.verdict === "allow" && found.match === "yes")?.rule;
  if (rule !== undefined && effect.kind !== "doubt") {
    return {
      decision: "allow",
      reason: rule.reason ?? `The rule ${rule.text} allows ${described}.`,
      rule: rule.text,
    };
  }
  const reason = defaultPermission(effect, request, settings);
  if (reason !== undefined) return { decision: "allow", reason };
  return unsettled(
    `No rule covers ${described}, and the profile ${settings.profile} does not include it`,
    settings,
  );
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
      return settings.enforced ? enforced : `The profile ${settings.profile} includes it.`;
    case "command":
      if (settings.enforced) return enforced;
      if (effect.command.argv.length === 0) return "It runs no program.";
      return effect.command.role === "transparent" ? "What it runs is decided on by itself." : undefined;
    case "read":
    case "write":
      if (effect.by === "argument" || effect.by === "guess")
        return "No rule restricts what the argument names.";
      return effect.by === "redirect" && settings.enforced ? enforced : undefined;
    case "other":
      return request.tool.sideEffect === "pure" ? `${request.tool.name} only looks.` : undefined;
    case "network":
    case "send":
      return effect.by === "argument" ? "No rule restricts what the argument names." : undefined;
    default:
      return unreachable(effect);
  }
}
