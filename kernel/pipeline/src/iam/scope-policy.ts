import type { AccessDecision, AccessRequest, PolicyDecisionPoint } from "@tau/core";

/** Allows or denies something to those who have a scope. */
export interface ScopeRule {
  readonly effect: "allow" | "deny";
  /** Left out, the rule is for everybody. */
  readonly scope?: string;
  /** Default: every action. */
  readonly actions?: readonly string[];
  /** Patterns of `kind:name`, for example `model:openai/*`; a `*` stands for any characters. */
  readonly resources: readonly string[];
}

/** Makes a {@link PolicyDecisionPoint} out of fixed rules: deny beats allow, and what no rule allows is denied. */
export function createScopePolicy(rules: readonly ScopeRule[]): PolicyDecisionPoint {
  const compiled = rules.map((rule) => ({ rule, patterns: rule.resources.map(toPattern) }));

  return {
    decide(request) {
      const resource = `${request.resource.kind}:${request.resource.name}`;
      const matching = compiled
        .filter(({ rule, patterns }) => concerns(rule, request) && patterns.some((one) => one.test(resource)))
        .map(({ rule }) => rule);
      return decisionOf(matching, request);
    },
  };
}

function concerns({ scope, actions }: ScopeRule, { principal, action }: AccessRequest): boolean {
  if (actions !== undefined && !actions.includes(action)) return false;
  return scope === undefined || principal.scopes.includes(scope);
}

function decisionOf(matching: readonly ScopeRule[], { action, resource }: AccessRequest): AccessDecision {
  const what = `${action} on ${resource.kind} "${resource.name}"`;
  if (matching.some(({ effect }) => effect === "deny")) {
    return { allowed: false, reason: `a rule denies ${what}`, scopes: [] };
  }
  if (matching.length === 0) return { allowed: false, reason: `no rule allows ${what}`, scopes: [] };
  const scopes = matching.flatMap(({ scope }) => (scope === undefined ? [] : [scope]));
  return { allowed: true, reason: `a rule allows ${what}`, scopes: [...new Set(scopes)].sort() };
}

function toPattern(glob: string): RegExp {
  const parts = glob.split("*").map((part) => part.replaceAll(/[\\^$.|?+()[\]{}]/g, String.raw`\$&`));
  return new RegExp(`^${parts.join(".*")}$`, "s");
}
