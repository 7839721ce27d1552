import type { AccessRequest, PolicyDecisionPoint } from "@tau/core";

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

/** Resources whose rules are remembered. */
const maxRemembered = 1_000;

/** Makes a {@link PolicyDecisionPoint} out of fixed rules: deny beats allow, and what no rule allows is denied. */
export function createScopePolicy(rules: readonly ScopeRule[]): PolicyDecisionPoint {
  const compiled = rules.map((rule) => ({ rule, patterns: rule.resources.map(toPattern) }));
  /** By kind and name: a text of both would be put together anew each time, and hashed anew. */
  const rulesFor = new Map<string, Map<string, readonly ScopeRule[]>>();
  let remembered = 0;

  /** The rules about a resource, remembered: a pipeline asks for the same few models again and again. */
  function rulesAbout({ kind, name }: AccessRequest["resource"]): readonly ScopeRule[] {
    const known = rulesFor.get(kind)?.get(name);
    if (known !== undefined) return known;
    const resource = `${kind}:${name}`;
    const found = compiled
      .filter(({ patterns }) => patterns.some((pattern) => pattern.test(resource)))
      .map(({ rule }) => rule);
    if (remembered >= maxRemembered) {
      rulesFor.clear();
      remembered = 0;
    }
    const ofKind = rulesFor.get(kind) ?? new Map<string, readonly ScopeRule[]>();
    rulesFor.set(kind, ofKind.set(name, found));
    remembered++;
    return found;
  }

  return {
    decide(request) {
      const { action, resource } = request;
      const about = rulesAbout(resource);
      const what = `${action} on ${resource.kind} "${resource.name}"`;
      const scopes: string[] = [];
      let isAllowed = false;
      for (const rule of about) {
        if (!concerns(rule, request)) continue;
        if (rule.effect === "deny") return { allowed: false, reason: `a rule denies ${what}`, scopes: [] };
        isAllowed = true;
        if (rule.scope !== undefined && !scopes.includes(rule.scope)) scopes.push(rule.scope);
      }
      if (!isAllowed) return { allowed: false, reason: `no rule allows ${what}`, scopes: [] };
      return { allowed: true, reason: `a rule allows ${what}`, scopes: scopes.sort() };
    },
  };
}

function concerns({ scope, actions }: ScopeRule, { principal, action }: AccessRequest): boolean {
  if (actions !== undefined && !actions.includes(action)) return false;
  return scope === undefined || principal.scopes.includes(scope);
}

function toPattern(glob: string): RegExp {
  const parts = glob.split("*").map((part) => part.replaceAll(/[\\^$.|?+()[\]{}]/g, String.raw`\$&`));
  return new RegExp(`^${parts.join(".*")}$`, "s");
}
