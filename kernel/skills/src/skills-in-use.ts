import { isJsonObject } from "@tau/core";
import type { Json, JsonObject } from "@tau/core";
import { meetPolicies } from "@tau/tools";
import type { EffectRequest, PermissionPolicy, ToolContext } from "@tau/tools";

import { allowedToolsPolicy } from "./allowed-tools.ts";
import type { Skill } from "./skill.ts";

/** The name of the tool that looks skills up; see `createSkillTool`. */
export const skillToolName = "skill";

/** The run whose rules skills narrow, as its log tells of it: also where another process takes it up. */
export interface SkillsRun {
  readonly runId: string;
  /** What the session's tools kept, by key, as of now. */
  kept(): JsonObject;
}

const keyBefore = "skill_in_use:";

/**
 * What the session is to keep of a skill that is in use from now on: its list, as it was when the model was shown the
 * skill, and the run in which it counts. Nothing for a skill without `allowed-tools`, and outside of runs.
 */
export function keepInUse({ name, allowedTools }: Skill, { call }: ToolContext): JsonObject | undefined {
  const run = call.runPath?.at(-1);
  if (allowedTools === undefined || run === undefined) return undefined;
  return { [`${keyBefore}${name}`]: { run, allowed_tools: allowedTools } };
}

/** A skill in use, and all that may be done meanwhile. */
export interface SkillInUse {
  readonly name: string;
  readonly allowedTools: readonly string[];
}

/** The skills that narrow a run. What is kept of one and cannot be read allows nothing. */
export function skillsInUse({ runId, kept }: SkillsRun): readonly SkillInUse[] {
  return Object.entries(kept()).flatMap(([key, value]) => {
    if (!key.startsWith(keyBefore)) return [];
    const name = key.slice(keyBefore.length);
    const { run, allowed_tools: allowed } = isJsonObject(value) ? value : {};
    if (typeof run === "string" && run !== runId) return [];
    return [{ name, allowedTools: typeof run === "string" && isTexts(allowed) ? allowed : [] }];
  });
}

/**
 * Wraps the policy of a run: a call is allowed only if `policy` allows it and so does every skill in use that has
 * `allowed-tools`. Looking skills up stays as `policy` has it. So a skill can narrow what may be done, and never widen it.
 */
export function narrowToSkills(policy: PermissionPolicy, run: SkillsRun): PermissionPolicy {
  let known: { readonly kept: JsonObject; readonly narrowed: PermissionPolicy } | undefined;
  const narrowed = ({ tool }: EffectRequest): PermissionPolicy => {
    if (tool.name === skillToolName) return policy;
    const kept = run.kept();
    // The log makes a new object of what is kept when that changes.
    if (known?.kept !== kept) known = { kept, narrowed: meetAll(policy, skillsInUse(run)) };
    return known.narrowed;
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
}

function meetAll(policy: PermissionPolicy, skills: readonly SkillInUse[]): PermissionPolicy {
  return skills.reduce<PermissionPolicy>(
    (met, { name, allowedTools }) => meetPolicies(met, allowedToolsPolicy(name, allowedTools)),
    policy,
  );
}

function isTexts(value: Json | undefined): value is readonly string[] {
  return Array.isArray(value) && value.every((one) => typeof one === "string");
}
