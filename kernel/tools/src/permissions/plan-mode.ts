import { posix } from "node:path";

import type { EnvironmentProfile } from "../environment.ts";
import type { PermissionPolicy } from "../permission.ts";
import { invalidRule } from "./invalid-rule.ts";
import { meetPolicies } from "./meet-policies.ts";
import { createPermissionPolicy } from "./permission-policy.ts";
import type { ExplainingPolicy, PermissionPolicyOptions } from "./permission-policy.ts";

/**
 * The profile of plan mode: everything is read, commands write nothing and reach nothing, and tools write below
 * `planFolder` of the workspace alone. It has a hash of its own, so nothing that was approved in another mode holds in it.
 *
 * Throws `permission.invalid_rule` when the folder is not one below the workspace.
 */
export function planProfile({ workspace }: EnvironmentProfile, planFolder: string): EnvironmentProfile {
  return { access: "read-only", workspace, network: false, planFolder: checkedFolder(planFolder) };
}

/**
 * The policy of plan mode: what `policy` allows, if it also reads only or writes the plan. `policy` is made for the
 * environment of plan mode, so that its grants are those of that mode.
 */
export function planPolicy(
  policy: PermissionPolicy,
  {
    planFolder,
    ...options
  }: Omit<PermissionPolicyOptions, "profile" | "network"> & { readonly planFolder: string },
): ExplainingPolicy {
  const folder = checkedFolder(planFolder);
  const plan = createPermissionPolicy({
    name: "plan mode",
    ...options,
    profile: "read-only",
    planFolder: folder,
  });
  return meetPolicies(policy, plan);
}

/** The policy of a sub-agent: what its parent may do, if its own definition includes it. Throws as the definition's rules do. */
export function childPolicy(parent: PermissionPolicy, definition: PermissionPolicyOptions): ExplainingPolicy {
  return meetPolicies(parent, createPermissionPolicy({ name: "child", ...definition }));
}

function checkedFolder(folder: string): string {
  const normal = posix.normalize(folder).replace(/\/$/, "");
  if (/^[\w.-][\w./-]*$/.test(normal) && normal !== "." && !normal.split("/").includes("..")) return normal;
  throw invalidRule(folder, "is not a folder for plans", "Name one below the workspace, such as plans");
}
