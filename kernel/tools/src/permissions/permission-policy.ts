import { homedir } from "node:os";

import type { EnvironmentProfile, NetworkAccess } from "../environment.ts";
import type { EffectRequest, PermissionPolicy } from "../permission.ts";
import type { Decision } from "./decision.ts";
import { effectsOfCall } from "./effects-of-call.ts";
import { checkExamples } from "./check-examples.ts";
import { decideEffect, strictest } from "./decide-effect.ts";
import type { DecisionSettings } from "./decide-effect.ts";
import { explainEffect } from "./explain-effect.ts";
import type { Explanation } from "./explanation.ts";
import { parseLayer, parseRules } from "./parse-rule.ts";
import { profileRules } from "./profile-rules.ts";
import { ruleLayers } from "./rule-layer.ts";
import type { CompiledRule, PermissionLayer, PermissionRules } from "./rule.ts";

/** Options of {@link createPermissionPolicy}. */
export interface PermissionPolicyOptions {
  /** What is included without a rule. */
  readonly profile: EnvironmentProfile["access"];
  /** Rules beside the profile's; none of them loosens a deny of the profile. Those of the layer `user`. */
  readonly rules?: PermissionRules;
  /** Rules of several layers. An allow rule of one never loosens what another denies or asks about. */
  readonly layers?: readonly PermissionLayer[];
  /** What the policy is called in explanations. */
  readonly name?: string;
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
  const { approvals = "policy", enforced = false, profile, home = homedir(), name } = options;
  const settings: DecisionSettings = {
    rules: compileRules(options, home),
    profile,
    enforced,
    approvals,
    home,
  };

  return {
    decide(request) {
      const effects = effectsOfCall(request, home);
      return strictest(effects.map((effect) => decideEffect(effect, request, settings).decision)) ?? nothing;
    },
    explain(request) {
      const effects = effectsOfCall(request, home).map((effect) => explainEffect(effect, request, settings));
      const { decision, reason, rule, layer }: Decision = strictest(effects) ?? nothing;
      return {
        ...(name === undefined ? {} : { policy: name }),
        decision,
        reason,
        ...(rule === undefined ? {} : { rule }),
        ...(layer === undefined ? {} : { layer }),
        effects,
      };
    },
  };
}

const nothing: Decision = { decision: "deny", reason: "The call does nothing." };

function compileRules(
  { profile, rules = {}, layers = [], network = false }: PermissionPolicyOptions,
  home: string,
): readonly CompiledRule[] {
  const all = [...layers, { layer: "user" as const, rules }].toSorted(
    (a, b) => ruleLayers.indexOf(a.layer) - ruleLayers.indexOf(b.layer),
  );
  for (const layer of all) checkExamples(layer.rules, home);
  return [...all.flatMap(parseLayer), ...parseRules(profileRules({ profile, network, home }), "profile")];
}
