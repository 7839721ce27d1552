import { meetPolicies } from "@tau/tools";
import type { EffectRequest, EnvironmentInfo, PermissionPolicy } from "@tau/tools";

import { allowedToolsPolicy } from "./allowed-tools.ts";
import type { Skill } from "./skill.ts";

/** The tool that looks skills up; see `createSkillTool`. */
export const skillToolName = "skill";

/** Remembers which skills are in use in which environment, which is opened anew for every run. */
export interface SkillActivations {
  /** Notes that a skill is in use, until the environment is gone. */
  activate(environment: EnvironmentInfo, skill: Skill): void;
  /**
   * Wraps the policy of an environment: a call is allowed only if `policy` allows it and so does every skill in use that
   * has `allowed-tools`. Looking skills up stays as `policy` has it. So a skill can narrow what may be done, and never
   * widen it.
   */
  narrow(environment: EnvironmentInfo, policy: PermissionPolicy): PermissionPolicy;
}

/** Makes {@link SkillActivations}. */
export function createSkillActivations(): SkillActivations {
  const active = new WeakMap<EnvironmentInfo, Map<string, PermissionPolicy>>();
  return {
    activate(environment, { name, allowedTools }) {
      if (allowedTools === undefined) return;
      const policies = active.get(environment) ?? new Map<string, PermissionPolicy>();
      active.set(environment, policies.set(name, allowedToolsPolicy(name, allowedTools)));
    },
    narrow(environment, policy) {
      const narrowed = ({ tool }: EffectRequest): PermissionPolicy => {
        const narrowing = tool.name === skillToolName ? [] : [...(active.get(environment)?.values() ?? [])];
        return narrowing.reduce<PermissionPolicy>((met, each) => meetPolicies(met, each), policy);
      };
      const { hashedPrograms } = policy;
      return {
        ...(hashedPrograms === undefined ? {} : { hashedPrograms }),
        decide: (request) => narrowed(request).decide(request),
        propose: (request) => narrowed(request).propose?.(request),
        explain: (request) => {
          const now = narrowed(request);
          return now.explain?.(request) ?? { ...now.decide(request), effects: [] };
        },
      };
    },
  };
}
