import { relative } from "node:path";

import type { EnvironmentProfile } from "@tau/tools";
import { createSecretFinder, realWorkspace } from "@tau/tools";

import { jailPolicy } from "../jail-settings.ts";
import type { LandlockOptions } from "./create-landlock.ts";

/** Why Landlock must not take the place of a jail, and what to do about it. */
export interface NoStandIn {
  readonly reason: string;
  readonly remedy: string;
}

/**
 * Why Landlock cannot keep what this profile promises, so that it is no substitute for a jail that somebody asked for;
 * undefined where it can. What it never keeps is no part of a profile, and rules decide on every command.
 */
export async function whyNoStandIn(
  options: Omit<LandlockOptions, "profile">,
  profile: EnvironmentProfile,
): Promise<NoStandIn | undefined> {
  if (typeof profile.network === "object")
    return {
      reason: "It cannot keep commands to the hosts that are named.",
      remedy: "Name none, or make the jail work.",
    };
  const workspace = realWorkspace(profile.workspace);
  const policy = jailPolicy({ ...options, profile }, { ...profile, workspace });
  const [first] =
    profile.access === "read-only" ? [] : await createSecretFinder(workspace, policy.isSecretName)();
  if (first === undefined) return undefined;
  return {
    reason: `It cannot hide ${relative(workspace, first)} from commands that may write the workspace.`,
    remedy: "Move the file elsewhere, choose the profile read-only, or make the jail work.",
  };
}
