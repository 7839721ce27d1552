import { readdirSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

import type { EnvironmentProfile, PathPolicy } from "@tau/tools";
import { defaultProtectedPaths, defaultSecretPaths, isSecretFileName, realWorkspace } from "@tau/tools";

import type { ContainerOptions } from "./container-options.ts";
import type { PinnedImage } from "./pinned-image.ts";

/** Everything about an environment that does not change between its containers. */
export interface ContainerSettings {
  readonly profile: EnvironmentProfile;
  readonly policy: PathPolicy;
  readonly image: PinnedImage;
  readonly options: ContainerOptions;
  /** Who commands are: numbers, as the engine has them. */
  readonly user: string;
  /** Whether the engine itself is an ordinary user, whom its containers call root. */
  readonly rootless: boolean;
}

/** Settles the options. Throws `environment.not_found` when there is no workspace. */
export function settledProfile(options: ContainerOptions): EnvironmentProfile {
  return { ...options.profile, workspace: realWorkspace(options.profile.workspace) };
}

/**
 * What file operations may touch. They act on this machine's disk, because the workspace is the same file system on both
 * sides; of the rest of the machine, which commands in the container do not see, they see nothing either, but under `full`.
 */
export function containerPolicy(options: ContainerOptions, profile: EnvironmentProfile): PathPolicy {
  const full = profile.access === "full";
  return {
    profile,
    secretPaths: [...defaultSecretPaths(homedir()), ...(options.maskPaths ?? [])],
    hiddenPaths: full ? ["/proc", "/dev", "/run"] : readdirSync("/").map((name) => join("/", name)),
    protectedPaths: full
      ? []
      : [...defaultProtectedPaths, ...(options.protectPaths ?? [])].map((path) =>
          join(profile.workspace, path),
        ),
    isSecretName: isSecretFileName,
  };
}

/** The owner of the workspace, so that what commands make is that user's; a rootless engine maps its own user to root. */
export function containerUser(workspace: string, rootless: boolean): string {
  if (rootless) return "0:0";
  const { uid, gid } = statSync(workspace);
  return `${uid}:${gid}`;
}
