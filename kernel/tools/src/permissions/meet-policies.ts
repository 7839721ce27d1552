import type { PermissionPolicy } from "../permission.ts";
import { strictest } from "./decide-effect.ts";

/**
 * Makes the policy that allows only what both allow, and denies what either denies: a child's policy is the meet of its
 * parent's and its own. Of two decisions as strict as each other, `parent`'s reason is given.
 */
export function meetPolicies(parent: PermissionPolicy, child: PermissionPolicy): PermissionPolicy {
  return {
    decide(request) {
      const first = parent.decide(request);
      return strictest([first, child.decide(request)]) ?? first;
    },
  };
}
