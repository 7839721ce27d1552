import type { Decision, ReadyCall, WriteSet } from "@tau/tools";

import type { RunScope } from "./run-scope.ts";

/** What the rules say of the paths that a call really changes. A policy that throws has not allowed anything. */
export function judgeChanges(
  { policy, environment, observer }: RunScope,
  { tool }: ReadyCall,
  { changes }: WriteSet,
): Decision {
  const { workspace } = environment.info.profile;
  const access = changes.map(({ path }) => ({ kind: "write", path: `${workspace}/${path}` }) as const);
  try {
    return policy.decide({ tool, access, workspace });
  } catch (error) {
    observer({ name: "permission.failed", level: 17, attributes: { tool: tool.name }, error });
    return { decision: "deny", reason: "The permission rules could not be evaluated." };
  }
}
