import type { PolicyDecisionPoint } from "@tau/core";

import { readCedarPolicies } from "./cedar-policies.ts";
import type { CedarOptions } from "./cedar-policies.ts";

/**
 * Makes a {@link PolicyDecisionPoint} out of Cedar policies: `forbid` beats `permit`, and what nothing permits is denied.
 *
 * Throws `cedar.invalid`; deciding throws `cedar.undecided`, which is a denial.
 */
export function createCedarDecisionPoint(options: CedarOptions): PolicyDecisionPoint {
  const ask = readCedarPolicies(options);
  return {
    decide({ tenant, principal, action, resource: { kind, name } }) {
      const resource = { id: `${kind}:${name}`, attributes: { kind, name } };
      const { allowed, policies } = ask({ tenant, principal, action, resource });
      const by =
        policies.length === 0
          ? "no policy permits"
          : `${policies.join(", ")} ${allowed ? "permits" : "forbids"}`;
      return {
        allowed,
        reason: `${by} ${action} on ${kind} "${name}"`,
        // Any of them may have been what a policy looked at.
        scopes: allowed ? [...new Set(principal.scopes)].sort() : [],
      };
    },
  };
}
