import { homedir } from "node:os";

import type { EnvironmentProfile, NetworkAccess } from "../environment.ts";
import type { Decision, EffectRequest, PermissionPolicy } from "../permission.ts";
import { effectsOfCall } from "./effects-of-call.ts";
import { checkExamples } from "./check-examples.ts";
import { decideEffect, strictest } from "./decide-effect.ts";
import type { DecisionSettings, EffectDecision } from "./decide-effect.ts";
import { parseRules } from "./parse-rule.ts";
import { profileRules } from "./profile-rules.ts";
import type { PermissionRules } from "./rule.ts";

/** Options of {@link createPermissionPolicy}. */
export interface PermissionPolicyOptions {
  /** What is included without a rule. */
  readonly profile: EnvironmentProfile["access"];
  /** Rules beside the profile's; none of them loosens a deny of the profile. */
  readonly rules?: PermissionRules;
  /** Whether the environment keeps commands inside the profile (`EnvironmentInfo.enforced`). Default false. */
  readonly enforced?: boolean;
  /** Which connections the profile includes. Default false. */
  readonly network?: NetworkAccess;
  /**
   * What becomes of questions:
   * - `ask`: someone is there; what no rule covers is asked
   * - `policy` (default): only ask rules ask, and wait for a person however long; what no rule covers is denied
   * - `never`: whatever would be asked is denied
   */
  readonly approvals?: "ask" | "never" | "policy";
  /** What `~` means in rules and commands. Default: the home folder of this process. */
  readonly home?: string;
}

/** How a call was decided: its effects, the rules that spoke to each, and the strictest decision. */
export interface Explanation extends Decision {
  readonly effects: readonly EffectDecision[];
}

/** A policy that can show its reasons. */
export interface ExplainingPolicy extends PermissionPolicy {
  /** Decides, and tells how; for people who write rules. */
  explain(request: EffectRequest): Explanation;
}

/**
 * Makes the policy that decides by rules and a profile: deny beats ask, ask beats allow, over every effect of a call.
 *
 * A call is allowed only when each of its effects is; a command, when each command in it is. Rules about commands are a
 * convenience on a host and never a boundary: programs can hide what they run. The boundary is an enforced environment.
 *
 * Throws `permission.invalid_rule` and `permission.example_failed`.
 */
export function createPermissionPolicy(options: PermissionPolicyOptions): ExplainingPolicy {
  const {
    profile,
    rules = {},
    enforced = false,
    network = false,
    approvals = "policy",
    home = homedir(),
  } = options;
  checkExamples(rules, home);
  const settings: DecisionSettings = {
    rules: [
      ...parseRules(rules, "configured"),
      ...parseRules(profileRules({ profile, network, home }), "profile"),
    ],
    profile,
    enforced,
    approvals,
    home,
  };

  const explain = (request: EffectRequest): Explanation => {
    const effects = effectsOfCall(request, home).map((effect) => decideEffect(effect, request, settings));
    const { decision, reason, rule } = strictest(effects) ?? {
      decision: "deny",
      reason: "The call does nothing.",
    };
    return { decision, reason, ...(rule === undefined ? {} : { rule }), effects };
  };
  return {
    explain,
    decide(request) {
      const { effects: _, ...decision } = explain(request);
      return decision;
    },
  };
}
