import type { FlowExplanation } from "../flow/flow-explanation.ts";
import type { Decision } from "./decision.ts";
import type { ExplainedRule } from "./explained-rule.ts";
import type { Match } from "./match-argv.ts";
import type { RuleOrigin } from "./rule-layer.ts";
import type { Verdict } from "./rule.ts";

/** What one layer says of one effect. */
export interface ExplainedLayer {
  readonly layer: RuleOrigin;
  /** Where its rules were read. */
  readonly source?: string;
  /** The strictest of its rules that match, or may; absent when it says nothing. */
  readonly verdict?: Verdict;
  readonly rules: readonly ExplainedRule[];
}

/** A rule that had something to say about an effect. */
export interface ConsideredRule {
  readonly rule: string;
  readonly verdict: Verdict;
  readonly origin: RuleOrigin;
  readonly match: Exclude<Match, "no">;
}

/** How one effect of a call was decided. */
export interface EffectDecision extends Decision {
  /** The effect, in words. */
  readonly effect: string;
  /** Guessed from a command's argument: rules can forbid it, and without one it is nothing. */
  readonly guessed?: true;
  /** The rules that match, or may, in the order of the layers. */
  readonly considered: readonly ConsideredRule[];
  /** Every layer with every rule, also of those that do not match. */
  readonly layers: readonly ExplainedLayer[];
}

/**
 * How a call was decided: the whole derivation.
 *
 * - The decision on an effect is the strictest that any layer has for it; what no layer covers, the profile settles.
 * - The decision on the call is the strictest on its effects; of a meet, the strictest of its policies.
 */
export interface Explanation extends Decision {
  /** What the policy is called, such as `parent`. */
  readonly policy?: string;
  readonly effects: readonly EffectDecision[];
  /** The policies of a meet, each with its own derivation; absent for a policy that is not one. */
  readonly meets?: readonly Explanation[];
  /** What the flow of information says of the call; the decision is then the stricter of the two. See `explainWithFlow`. */
  readonly flow?: FlowExplanation;
}
