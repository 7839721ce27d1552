import type { Decision, WriteSet } from "@tau/tools";

import { flowOn } from "./flow-step.ts";
import type { ReadyEffect } from "./ready-effect.ts";
import type { RunScope } from "./run-scope.ts";
import { stricter } from "./stricter-decision.ts";

/**
 * What the rules, and the flow of information, say of the paths that a call really changes. What throws has not allowed
 * anything.
 */
export function judgeChanges(
  scope: RunScope,
  { effect, prepared }: ReadyEffect,
  { changes }: WriteSet,
): Decision {
  const { policy, environment, observer } = scope;
  const { workspace } = environment.info.profile;
  const { tool } = prepared;
  const access = changes.map(({ path }) => ({ kind: "write", path: `${workspace}/${path}` }) as const);
  try {
    const said = policy.decide({ tool, access, workspace });
    const flow = flowOn(scope, effect, { ...prepared, access });
    return flow === undefined ? said : stricter(said, flow);
  } catch (error) {
    observer({ name: "permission.failed", level: 17, attributes: { tool: tool.name }, error });
    return { decision: "deny", reason: "The permission rules could not be evaluated." };
  }
}
