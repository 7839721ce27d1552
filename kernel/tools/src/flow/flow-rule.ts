import type { Confidentiality, EffectKind, Integrity, Label } from "@tau/core";

import type { RuleLayer } from "../permissions/rule-layer.ts";

/** What a rule, or an example of one, can be about. */
export const effectKinds: readonly EffectKind[] = [
  "read",
  "read_secret",
  "read_untrusted",
  "write",
  "persist",
  "command",
  "external",
  "irreversible",
];
export const integrities: readonly Integrity[] = ["system", "user", "workspace", "untrusted"];
export const confidentialities: readonly Confidentiality[] = ["public", "workspace", "secret"];

/**
 * A line of the table that says which effects need a decision. It applies to effects of this kind that a model asks for
 * while what it was shown is at least this untrusted and this confidential. Rules only tighten: the strictest counts.
 */
export interface FlowRule {
  readonly effect: EffectKind | "any";
  /** Default `untrusted`. */
  readonly integrity?: Integrity;
  /** Default `public`: whatever its confidentiality. */
  readonly confidentiality?: Confidentiality;
  readonly decision: "ask" | "deny";
  /** Shown to the model and to people when the rule decides, before what happened; a denial says what to do instead. */
  readonly reason?: string;
  /**
   * Calls that it must apply to, such as `write(src/a.ts)` or `bash(make) after untrusted secret`; checked when the rules
   * are loaded. Without `after`, a call is asked for under the least label that the rule is about.
   */
  readonly match?: readonly string[];
  /** The same, for what it must not apply to. */
  readonly notMatch?: readonly string[];
}

/** A rule, and whose it is; those that hold everywhere are nobody's. */
export interface LayeredFlowRule extends FlowRule {
  readonly layer?: RuleLayer;
  /** Where it was read. */
  readonly source?: string;
}

/** What holds everywhere: nothing untrusted reaches what cannot be taken back without a decision. */
export const defaultFlowRules: readonly FlowRule[] = [
  { effect: "external", decision: "ask" },
  { effect: "irreversible", decision: "ask" },
  { effect: "persist", decision: "ask" },
];

/** Tells whether a rule is about an effect that was asked for under a label. */
export function appliesTo(rule: FlowRule, kind: EffectKind, label: Label): boolean {
  return (rule.effect === "any" || rule.effect === kind) && isAbout(rule, label);
}

/** Tells whether a rule is about what is asked for under a label. A word of a label that nobody knows is the worst. */
export function isAbout({ integrity, confidentiality }: FlowRule, label: Label): boolean {
  return (
    rank(integrities, label.integrity) >= integrities.indexOf(integrity ?? "untrusted") &&
    rank(confidentialities, label.confidentiality) >= confidentialities.indexOf(confidentiality ?? "public")
  );
}

function rank<T>(order: readonly T[], word: T): number {
  const at = order.indexOf(word);
  return at === -1 ? order.length : at;
}

/** A rule in a few words: `flow(external)`, or `flow(write after workspace secret)` where it is about another label than usual. */
export function describeFlowRule({ effect, integrity, confidentiality }: FlowRule): string {
  const least = confidentiality === undefined || confidentiality === "public" ? [] : [confidentiality];
  const isUsual = least.length === 0 && (integrity === undefined || integrity === "untrusted");
  return isUsual
    ? `flow(${effect})`
    : `flow(${effect} after ${[integrity ?? "untrusted", ...least].join(" ")})`;
}
