import { basename, isAbsolute, join, relative } from "node:path";

import type { EnvironmentProfile } from "../environment.ts";
import { denied } from "./environment-error.ts";

/** Which paths a profile opens to file operations. All paths are absolute and have their symlinks resolved. */
export interface PathPolicy {
  readonly profile: EnvironmentProfile;
  /** Neither read nor written, whatever the profile. */
  readonly secretPaths: readonly string[];
  /** Not there for commands, so not there for file operations either; a workspace below one of them is. */
  readonly hiddenPaths: readonly string[];
  /** Readable, but written only under `full`: what runs code outside of the environment later. */
  readonly protectedPaths: readonly string[];
  /** Whether a file of this name, below the workspace, holds secrets. */
  readonly isSecretName: (name: string) => boolean;
}

/** Throws `environment.denied` when `real` may not be read. `path` is what the caller asked for. */
export function assertReadable(policy: PathPolicy, real: string, path: string): void {
  if (isSecret(policy, real)) {
    throw denied("Reading", path, "it holds secrets. Ask the person for the value that you need.");
  }
  if (isHidden(policy, real)) {
    throw denied("Reading", path, "it belongs to the machine or to other programs, not to this environment.");
  }
}

/** Throws `environment.denied` when `real` may not be written. `path` is what the caller asked for. */
export function assertWritable(policy: PathPolicy, real: string, path: string): void {
  const { access, workspace } = policy.profile;
  if (access === "read-only" && !isInPlanFolder(policy.profile, real)) {
    throw denied("Writing", path, "the profile is read-only. Use workspace-write to change files.");
  }
  if (isSecret(policy, real)) throw denied("Writing", path, "it holds secrets.");
  if (isHidden(policy, real)) {
    throw denied("Writing", path, "it belongs to the machine or to other programs, not to this environment.");
  }
  if (access === "full") return;
  if (!isBelow(real, workspace)) {
    throw denied("Writing", path, "it is outside of the workspace. Write below the workspace instead.");
  }
  if (policy.protectedPaths.some((item) => isWithin(real, item) || isBelow(item, real))) {
    throw denied(
      "Writing",
      path,
      "the path is protected: programs outside of this environment run what it says.",
    );
  }
}

function isInPlanFolder({ workspace, planFolder }: EnvironmentProfile, real: string): boolean {
  return planFolder !== undefined && isBelow(real, join(workspace, planFolder));
}

function isSecret(policy: PathPolicy, real: string): boolean {
  const { workspace } = policy.profile;
  // A workspace inside of a secret folder was chosen by a person, so it is not secret itself.
  if (
    policy.secretPaths.some(
      (item) => isWithin(real, item) && (isBelow(item, workspace) || !isWithin(real, workspace)),
    )
  )
    return true;
  return isBelow(real, workspace) && policy.isSecretName(basename(real));
}

function isHidden(policy: PathPolicy, real: string): boolean {
  if (isWithin(real, policy.profile.workspace)) return false;
  return policy.hiddenPaths.some((item) => isWithin(real, item));
}

/** Whether `path` is `folder` or below it. Both are absolute and normal. */
export function isWithin(path: string, folder: string): boolean {
  return path === folder || isBelow(path, folder);
}

/** Whether `path` is below `folder`. Both are absolute and normal. */
export function isBelow(path: string, folder: string): boolean {
  const rest = relative(folder, path);
  return rest !== "" && rest !== ".." && !rest.startsWith("../") && !isAbsolute(rest);
}
