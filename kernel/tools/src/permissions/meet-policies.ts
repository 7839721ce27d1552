import type { EffectRequest, PermissionPolicy } from "../permission.ts";
import { strictest } from "./decide-effect.ts";
import type { Explanation } from "./explanation.ts";
import type { ExplainingPolicy } from "./permission-policy.ts";

/**
 * Makes the policy that allows only what both allow, and denies what either denies: a child's policy is the meet of its
 * parent's and its own. Of two decisions as strict as each other, `parent`'s reason is given.
 *
 * The one place where policies are put together: plan mode, skills in use and sub-agents are meets, so none of them can
 * do what the policy above them does not allow.
 */
export function meetPolicies(parent: PermissionPolicy, child: PermissionPolicy): ExplainingPolicy {
  const hashedPrograms = [...(parent.hashedPrograms ?? []), ...(child.hashedPrograms ?? [])];
  return {
    ...(hashedPrograms.length === 0 ? {} : { hashedPrograms }),
    decide(request) {
      const first = parent.decide(request);
      return strictest([first, child.decide(request)]) ?? first;
    },
    propose(request) {
      // A grant is of one policy. Where the other asks, or denies, it would change nothing.
      if (child.decide(request).decision === "allow") return parent.propose?.(request);
      return parent.decide(request).decision === "allow" ? child.propose?.(request) : undefined;
    },
    explain(request) {
      const meets = [explainBy(parent, request), explainBy(child, request)];
      const { effects: _, meets: __, policy: ___, ...decision } = strictest(meets) ?? denied;
      return { ...decision, effects: [], meets };
    },
  };
}

const denied: Explanation = { decision: "deny", reason: "No policy decided.", effects: [] };

/** The derivation of a policy; of one that cannot explain itself, its decision alone. */
function explainBy(policy: PermissionPolicy, request: EffectRequest): Explanation {
  return policy.explain?.(request) ?? { ...policy.decide(request), effects: [] };
}
