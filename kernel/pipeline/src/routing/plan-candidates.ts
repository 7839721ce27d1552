import { capabilitiesOf, checkRequirements, requirementsOf } from "@tau/agent";
import type { CapabilityRequirements, IncompatibleCandidate, Model } from "@tau/agent";

import type { PipelineCall } from "../pipeline-call.ts";
import type { Candidate, RoutingPolicy } from "./candidate.ts";
import type { QuotaPools } from "./quota-pools.ts";

/** What a plan is made with. */
export interface PlanOptions {
  readonly candidates: readonly Candidate[];
  readonly policy: RoutingPolicy;
  readonly unknown: "allow" | "deny";
  readonly pools: QuotaPools;
}

/**
 * Whom to ask for a call, best first: those that the policy wants and that can do what the request needs, those whose
 * quota is used up last. Everybody else is in `record.skipped`, with all reasons.
 */
export function planCandidates(call: PipelineCall, options: PlanOptions): readonly Candidate[] {
  const { candidates, policy, pools } = options;
  const ordered = policy.order(candidates, call);
  let requirements: CapabilityRequirements | undefined;
  const able: Candidate[] = [];
  const usedUp: Candidate[] = [];
  for (const candidate of ordered) {
    const { model } = candidate;
    if (!isKnown(model) && options.unknown === "allow") {
      (pools.isUsedUp(candidate) ? usedUp : able).push(candidate);
      continue;
    }
    requirements ??= requirementsOf(call.request);
    const { compatible, reasons } = checkRequirements(requirements, capabilitiesOf(model), options);
    if (!compatible) call.record.skipped.push(skipped(model, reasons));
    else (pools.isUsedUp(candidate) ? usedUp : able).push(candidate);
  }
  if (ordered.length < candidates.length) {
    for (const candidate of candidates) {
      if (ordered.includes(candidate)) continue;
      call.record.skipped.push(skipped(candidate.model, [`is not wanted by the policy "${policy.name}"`]));
    }
  }
  return usedUp.length === 0 ? able : [...able, ...usedUp];
}

/** Says why a model is not asked. */
export function skipped(model: Model, reasons: IncompatibleCandidate["reasons"]): IncompatibleCandidate {
  return { provider: model.provider, model: model.id, reasons };
}

function isKnown({ capabilities, contextWindow }: Model): boolean {
  return capabilities !== undefined || contextWindow !== undefined;
}
