import type { EffectKind } from "@tau/core";

import { strictest } from "../permissions/decide-effect.ts";
import type { Decision } from "../permissions/decision.ts";
import type { ExplainedRule } from "../permissions/explained-rule.ts";
import type { Explanation } from "../permissions/explanation.ts";
import type { FlowCall } from "./call-facts.ts";
import { bitsOf, bitsSetBy, countBits, joinBits } from "./flow-bits.ts";
import type { FlowContext, FlowControl } from "./flow-control.ts";
import type { ExplainedFlowLayer, ExplainedRuleOfTwo, FlowExplanation } from "./flow-explanation.ts";
import { appliesTo, describeFlowRule, isAbout } from "./flow-rule.ts";
import type { LayeredFlowRule } from "./flow-rule.ts";

/** What {@link explainFlow} explains. */
export interface ExplainedCall extends FlowCall {
  /** Whether it can be tried on a copy before it is decided on. */
  readonly canBeTried?: boolean;
}

/** Decides on a call as a run does, and shows what every rule had to do with it. */
export function explainFlow(flow: FlowControl, call: ExplainedCall, context: FlowContext): FlowExplanation {
  const { kinds, label: answer } = flow.factsOf(call);
  const layers = Map.groupBy(flow.rules, ({ layer = "everywhere", source = "" }) => `${layer} ${source}`);
  return {
    ...decide(flow, call, context),
    label: context.label,
    acted: context.acted,
    kinds,
    ...(answer === undefined ? {} : { answer }),
    layers: [...layers.values()].map((rules) => explainLayer(rules, kinds, context)),
    ruleOfTwo: explainRuleOfTwo(kinds, context),
  };
}

/** A derivation by the permission rules together with one by the flow of information: the stricter of the two. */
export function explainWithFlow(explanation: Explanation, flow: FlowExplanation): Explanation {
  const { decision, reason, rule, layer, review } = strictest<Decision>([explanation, flow]) ?? flow;
  const { decision: _, reason: __, rule: ___, layer: ____, review: _____, ...derived } = explanation;
  return {
    decision,
    reason,
    ...(rule === undefined ? {} : { rule }),
    ...(layer === undefined ? {} : { layer }),
    ...(review === undefined ? {} : { review }),
    ...derived,
    flow,
  };
}

/** What can be tried first is asked about by what it really changes. */
function decide(flow: FlowControl, call: ExplainedCall, context: FlowContext): Decision {
  const said = flow.decide(flow.factsOf(call).kinds, context);
  if (said.decision === "allow" || call.canBeTried !== true) return said;
  const tried = flow.decide(flow.factsOf({ ...call, judgedWrites: true }).kinds, context);
  return tried.decision === "allow" ? { ...said, decision: "ask", review: true } : said;
}

function explainLayer(
  rules: readonly LayeredFlowRule[],
  kinds: readonly EffectKind[],
  context: FlowContext,
): ExplainedFlowLayer {
  const [{ layer = "everywhere", source } = {}] = rules;
  const explained = rules.map((rule) => explainRule(rule, kinds, context));
  const verdict = (["deny", "ask"] as const).find((each) =>
    explained.some((rule) => rule.verdict === each && rule.match === "yes"),
  );
  return {
    layer,
    ...(source === undefined ? {} : { source }),
    ...(verdict === undefined ? {} : { verdict }),
    rules: explained,
  };
}

function explainRule(
  rule: LayeredFlowRule,
  kinds: readonly EffectKind[],
  { label }: FlowContext,
): ExplainedRule {
  const shown = `${label.integrity}, ${label.confidentiality}`;
  const about = kinds.filter((kind) => appliesTo(rule, kind, label));
  const match = about.length > 0 ? "yes" : "no";
  const why =
    match === "yes"
      ? `the call is ${about.join(", ")}, and what was shown is ${shown}`
      : isAbout(rule, label)
        ? `the call is ${kinds.join(", ")}`
        : `what was shown is ${shown}`;
  return { rule: describeFlowRule(rule), verdict: rule.decision, match, why };
}

function explainRuleOfTwo(kinds: readonly EffectKind[], context: FlowContext): ExplainedRuleOfTwo {
  const call = bitsSetBy(kinds);
  const before = joinBits(bitsOf(context), bitsSetBy(context.before ?? []));
  const count = countBits(joinBits(before, call));
  return { before, call, count, applies: countBits(call) > 0 && count === 3 };
}
