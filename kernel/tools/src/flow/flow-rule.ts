import type { Confidentiality, EffectKind, Integrity, Label } from "@tau/core";

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
}

/** What holds everywhere: nothing untrusted reaches what cannot be taken back without a decision. */
export const defaultFlowRules: readonly FlowRule[] = [
  { effect: "external", decision: "ask" },
  { effect: "irreversible", decision: "ask" },
  { effect: "persist", decision: "ask" },
];

const integrities: readonly Integrity[] = ["system", "user", "workspace", "untrusted"];
const confidentialities: readonly Confidentiality[] = ["public", "workspace", "secret"];

/** Tells whether a rule is about an effect that was asked for under a label. */
export function appliesTo(rule: FlowRule, kind: EffectKind, label: Label): boolean {
  return (
    (rule.effect === "any" || rule.effect === kind) &&
    integrities.indexOf(label.integrity) >= integrities.indexOf(rule.integrity ?? "untrusted") &&
    confidentialities.indexOf(label.confidentiality) >=
      confidentialities.indexOf(rule.confidentiality ?? "public")
  );
}
