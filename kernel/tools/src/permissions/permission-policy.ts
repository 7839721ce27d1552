import { homedir } from "node:os";

import { isTauError } from "@tau/core";
import type { GrantTerms } from "@tau/core";

import type { EnvironmentProfile, NetworkAccess } from "../environment.ts";
import type { EffectRequest, PermissionPolicy } from "../permission.ts";
import type { Decision } from "./decision.ts";
import { effectsOfCall } from "./effects-of-call.ts";
import { checkExamples } from "./check-examples.ts";
import { decideEffect, strictest } from "./decide-effect.ts";
import type { DecisionSettings } from "./decide-effect.ts";
import { explainEffect } from "./explain-effect.ts";
import type { Explanation } from "./explanation.ts";
import { parseGrant } from "./grant.ts";
import type { ActiveGrant, GrantRule } from "./grant.ts";
import { parseLayer, parseRules } from "./parse-rule.ts";
import { parsePins } from "./program-pin.ts";
import { profileRules } from "./profile-rules.ts";
import { proposeGrant } from "./propose-grant.ts";
import { indexRules } from "./rule-index.ts";
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
  /** What the person who makes the calls was asked before and allowed for longer, as of now; allow rules, each for one thing. */
  readonly grants?: () => readonly ActiveGrant[];
  /** The hash of the environment's profile (`EnvironmentInfo.profileHash`): grants of another one say nothing. */
  readonly profileHash?: string;
  /** Relative to the workspace: what tools may write although the profile is `read-only`. See `planPolicy`. */
  readonly planFolder?: string;
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
  /**
   * Whether changes are looked at before they are made, unless a configured rule allows them. A command that no rule
   * allows is then asked about as a {@link Decision.review}, whoever is there: it can be tried on a copy. Counts where
   * an environment enforces the profile `workspace-write`. Default false.
   */
  readonly review?: boolean;
  /** What `~` means in rules and commands. Default: the home folder of this process. */
  readonly home?: string;
}

/** A policy that can show its reasons. */
export interface ExplainingPolicy extends PermissionPolicy {
  /** Decides, and tells how; for people who write rules. */
  explain(request: EffectRequest): Explanation;
  propose?(request: EffectRequest): GrantTerms | undefined;
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
  const { approvals = "policy", enforced = false, profile, home = homedir(), name, profileHash } = options;
  const pins = (options.layers ?? []).flatMap(({ programs = {}, layer }) => parsePins(programs, layer));
  const review = options.review === true && enforced && profile === "workspace-write";
  const fixed = { pins, profile, enforced, approvals, home, profileHash, review };
  const hashedPrograms = pins.flatMap((pin) => (pin.sha256 === undefined ? [] : [pin.name]));
  const rules = indexRules(compileRules({ ...options, review }, home));
  const grants = createGrantRules(options.grants);
  const settingsNow = (): DecisionSettings => ({ ...fixed, rules, grants: grants() });

  return {
    ...(hashedPrograms.length === 0 ? {} : { hashedPrograms }),
    decide(request) {
      const settings = settingsNow();
      const effects = effectsOfCall(request, home);
      return strictest(effects.map((effect) => decideEffect(effect, request, settings).decision)) ?? nothing;
    },
    explain(request) {
      const settings = settingsNow();
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
    propose(request) {
      const settings = settingsNow();
      const pairs = effectsOfCall(request, home).map((effect) => {
        return { effect, decision: decideEffect(effect, request, settings).decision };
      });
      return proposeGrant(pairs, request, profileHash);
    },
  };
}

/** Reads each grant once. What cannot be read allows nothing. */
function createGrantRules(grants: (() => readonly ActiveGrant[]) | undefined): () => readonly GrantRule[] {
  const parsed = new WeakMap<ActiveGrant, readonly GrantRule[]>();
  const rulesOf = (grant: ActiveGrant): readonly GrantRule[] => {
    const known = parsed.get(grant);
    if (known !== undefined) return known;
    let rules: readonly GrantRule[] = [];
    try {
      rules = parseGrant(grant);
    } catch (error) {
      if (!isTauError(error)) throw error;
    }
    parsed.set(grant, rules);
    return rules;
  };
  return () => (grants?.() ?? []).flatMap(rulesOf);
}

const nothing: Decision = { decision: "deny", reason: "The call does nothing." };

function compileRules(
  { profile, rules = {}, layers = [], network = false, review = false, planFolder }: PermissionPolicyOptions,
  home: string,
): readonly CompiledRule[] {
  const all = [...layers, { layer: "user" as const, rules }].toSorted(
    (a, b) => ruleLayers.indexOf(a.layer) - ruleLayers.indexOf(b.layer),
  );
  for (const layer of all) checkExamples(layer.rules, home);
  const plan = planFolder === undefined ? {} : { planFolder };
  return [
    ...all.flatMap(parseLayer),
    ...parseRules(profileRules({ profile, network, home, review, ...plan }), "profile"),
  ];
}
