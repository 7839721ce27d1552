import type { EffectRequest } from "../permission.ts";
import type { CallEffect } from "./call-effect.ts";
import { decideEffect, isGuess, whyNotCounted } from "./decide-effect.ts";
import type { DecidedEffect, DecisionSettings } from "./decide-effect.ts";
import { describeEffect } from "./describe-effect.ts";
import type { ExplainedRule } from "./explained-rule.ts";
import type { EffectDecision, ExplainedLayer } from "./explanation.ts";
import { matchRule } from "./match-rule.ts";
import { pinProblem } from "./program-pin.ts";
import type { CompiledPin } from "./program-pin.ts";
import type { CompiledRule, Verdict } from "./rule.ts";
import { whyMatch } from "./why-match.ts";

const verdicts: readonly Verdict[] = ["deny", "ask", "allow"];

/** Decides on one effect as {@link decideEffect} does, and shows what every rule had to do with it. */
export function explainEffect(
  effect: CallEffect,
  request: EffectRequest,
  settings: DecisionSettings,
): EffectDecision {
  const decided = decideEffect(effect, request, settings);
  const sets = Map.groupBy(
    [...settings.grants, ...settings.rules.all],
    ({ origin, source = "" }) => `${origin} ${source}`,
  );
  return {
    ...decided.decision,
    effect: describeEffect(effect, request),
    ...(isGuess(effect) ? { guessed: true } : {}),
    considered: decided.matches.map(({ rule, match }) => ({
      rule: rule.text,
      verdict: rule.verdict,
      origin: rule.origin,
      match: match === "yes" ? "yes" : "maybe",
    })),
    layers: [
      ...[...sets.values()].map((rules) => explainLayer(rules, decided, settings)),
      ...settings.pins.flatMap((pin) => explainPin(pin, effect)),
    ],
  };
}

/** A pin of another program is no news. */
function explainPin(pin: CompiledPin, effect: CallEffect): readonly ExplainedLayer[] {
  const problem = pinProblem(pin, effect);
  if (problem === undefined) return [];
  const rule: ExplainedRule = { rule: `programs.${pin.name}`, verdict: "ask", match: "yes", why: problem };
  return [{ layer: pin.origin, verdict: "ask", rules: [rule] }];
}

function explainLayer(
  rules: readonly CompiledRule[],
  decided: DecidedEffect,
  settings: DecisionSettings,
): ExplainedLayer {
  const [{ origin, source } = { origin: "profile" as const, source: undefined }] = rules;
  const explained = rules.map((rule) => explainRule(rule, decided, settings));
  const verdict = verdicts.find((each) =>
    explained.some((rule) => rule.verdict === each && rule.match !== "no"),
  );
  return {
    layer: origin,
    ...(source === undefined ? {} : { source }),
    ...(verdict === undefined ? {} : { verdict }),
    rules: explained,
  };
}

function explainRule(
  rule: CompiledRule,
  { subject }: DecidedEffect,
  settings: DecisionSettings,
): ExplainedRule {
  const { text, verdict } = rule;
  const match = matchRule(rule, subject);
  const uncounted = whyNotCounted(rule, subject.effect, settings);
  if (uncounted === undefined || match === "no")
    return { rule: text, verdict, match, why: whyMatch(rule, subject, match) };
  return { rule: text, verdict, match: "no", why: `would cover it, but does not count: ${uncounted}` };
}
