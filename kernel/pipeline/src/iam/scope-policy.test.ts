import { describeDecisionPoint } from "../testing/describe-decision-point.ts";
import { createScopePolicy } from "./scope-policy.ts";

describeDecisionPoint("createScopePolicy()", (rules) =>
  createScopePolicy(
    rules.map(({ effect, scope, action, resource }) => ({
      effect,
      ...(scope === undefined ? {} : { scope }),
      ...(action === undefined ? {} : { actions: [action] }),
      resources: [`${resource.kind}:${resource.name}`],
    })),
  ),
);
