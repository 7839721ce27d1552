import { meetPolicies } from "@tau/tools";
import type { EnvironmentInfo, PermissionPolicy } from "@tau/tools";

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
      return {
        decide(request) {
          const narrowing =
            request.tool.name === skillToolName ? [] : [...(active.get(environment)?.values() ?? [])];
          return narrowing.reduce(meetPolicies, policy).decide(request);
        },
      };
    },
  };
}
