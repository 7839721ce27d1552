import type { EffectKind, Label } from "@tau/core";

import type { Decision } from "../permissions/decision.ts";
import type { ExplainedRule } from "../permissions/explained-rule.ts";
import type { RuleLayer } from "../permissions/rule-layer.ts";
import type { FlowBits } from "./flow-bits.ts";

/** What the rules of one layer say of a call. */
export interface ExplainedFlowLayer {
  /** `everywhere`: the rules that hold without a configuration. */
  readonly layer: RuleLayer | "everywhere";
  /** Where its rules were read. */
  readonly source?: string;
  /** The strictest of its rules that apply; absent when it says nothing. */
  readonly verdict?: "deny" | "ask";
  readonly rules: readonly ExplainedRule[];
}

/** Untrusted text, secrets and deeds: by what was shown to the model and the calls before, and by this call. */
export interface ExplainedRuleOfTwo {
  readonly before: FlowBits;
  readonly call: FlowBits;
  /** How many of the three would come together. */
  readonly count: number;
  /** Whether it asks for a person. */
  readonly applies: boolean;
}

/** What the flow of information says of a call, with the whole derivation. */
export interface FlowExplanation extends Decision {
  /** What the model had been shown. */
  readonly label: Label;
  /** Whether what it was shown tells of something that was changed or sent. */
  readonly acted: boolean;
  /** What the call does. */
  readonly kinds: readonly EffectKind[];
  /** How far its answer may be trusted; absent: as far as the workspace. */
  readonly answer?: Label;
  readonly layers: readonly ExplainedFlowLayer[];
  readonly ruleOfTwo: ExplainedRuleOfTwo;
}
