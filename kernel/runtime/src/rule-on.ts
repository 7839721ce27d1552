import { isTauError } from "@tau/core";
import type { EffectState } from "@tau/session";
import type { EffectRequest, ReadyCall } from "@tau/tools";

import { flowOn } from "./flow-step.ts";
import type { FlowDecision } from "./flow-step.ts";
import type { RunScope } from "./run-scope.ts";
import { stricter } from "./stricter-decision.ts";

/** What the rules say, and the flow of information: the stricter of the two. What throws has not allowed anything. */
export function ruleOn(scope: RunScope, effect: EffectState, prepared: ReadyCall): FlowDecision {
  try {
    const said = scope.policy.decide(requestOf(prepared, scope.environment.info.profile.workspace));
    if (!isDecision(said.decision)) throw new TypeError("The permission rules answered no decision.");
    const flow = flowOn(scope, effect, prepared);
    return flow === undefined ? said : stricter(said, flow);
  } catch (error) {
    scope.observer({ name: "permission.failed", level: 17, attributes: { tool: prepared.tool.name }, error });
    return {
      decision: "deny",
      reason: isTauError(error) ? error.message : "The permission rules could not be evaluated.",
    };
  }
}

/** What the rules are asked about a call. */
export function requestOf({ tool, access }: ReadyCall, workspace: string): EffectRequest {
  return { tool, access, workspace };
}

function isDecision(value: string): boolean {
  return value === "allow" || value === "ask" || value === "deny";
}
