import { randomBytes } from "node:crypto";
import { isAbsolute, join, normalize } from "node:path/posix";

import { TauError } from "@tau/core";
import type { EnvironmentInfo, EnvironmentProfile, OwnedEnvironment, PathPolicy } from "@tau/tools";
import {
  defaultProtectedPaths,
  defaultSecretPaths,
  isSecretFileName,
  profileHash,
  realWorkspace,
} from "@tau/tools";

import type { CopiedOperations } from "../copy/open-copy.ts";
import { openCopy } from "../copy/open-copy.ts";
import { createPodCommands } from "./pod-commands.ts";
import { failed, missing } from "./pod-errors.ts";
import { createPodFiles } from "./pod-files.ts";
import { lookContainer, scratchPath, workContainer } from "./pod-manifest.ts";
import type { PodName } from "./pod-manifest.ts";
import type { NetworkTrial } from "./pod-network.ts";
import { tryNetwork } from "./pod-network.ts";
import type { PodOptions } from "./pod-options.ts";
import type { PodPlace } from "./pod-process.ts";
import { createPodShell } from "./pod-shell.ts";
import { deletePod, startPod } from "./start-pod.ts";

/** What no pod keeps, however it is set up. */
const processGap =
  "a process that leaves its session and clears its variables, or hides them, can outlive its command until the pod is deleted";
const claimGaps: readonly string[] = [
  "commands can write protected paths of the volume, such as .git/hooks",
  "secret files of the volume, such as .env, are readable to commands",
];

/**
 * Makes an `Environment` that is one pod of a cluster, deleted at disposal, and after `maxAgeSeconds` whatever happens.
 *
 * A copied workspace (the default) stays the truth: file operations below it happen on this machine, what changed here is
 * sent before a command runs, and what a command changed is brought back when it ends, path by path as the profile allows.
 * A claimed one has no copy here: file operations happen in the pod. Paths are the same inside and outside.
 *
 * Throws the `kubernetes.*` errors, and `environment.not_found` when the workspace does not exist.
 */
export async function createPodEnvironment(
  options: PodOptions,
  signal: AbortSignal,
): Promise<OwnedEnvironment> {
  const settled = { ...options, profile: await settledProfile(options) };
  const { client, profile } = settled;
  const name: PodName = {
    id: `tau-${randomBytes(8).toString("hex")}`,
    namespace: options.namespace ?? client.connection.namespace,
  };
  await startPod(settled, name, signal);
  try {
    const shell = createPodShell(client, name.namespace, name.id);
    const network = await tryNetwork(settled, shell, signal);
    const policy = podPolicy(profile);
    const inPod = createPodFiles(shell, policy);
    const place: PodPlace = {
      client,
      shell,
      namespace: name.namespace,
      pod: name.id,
      workspace: profile.workspace,
      env: { HOME: `${scratchPath}/home`, TMPDIR: scratchPath, LANG: "C.UTF-8", SHLVL: "1", ...options.env },
      containerFor: ({ readOnly }) =>
        readOnly === true || profile.access === "read-only" ? lookContainer : workContainer,
    };
    const commands = createPodCommands(place);
    const info = infoOf(settled, name, network);
    const copy: Operations =
      settled.workspace?.kind === "claim"
        ? await checkedClaim({ ...inPod, exec: commands.exec, start: commands.start }, profile, signal)
        : await openCopy({ shell, commands, policy, inPod, options: settled }, signal);
    const { finish, ...operations } = copy;
    return {
      info,
      ...operations,
      async [Symbol.asyncDispose]() {
        await commands[Symbol.asyncDispose]();
        await finish?.();
        await deletePod(client, name);
      },
    };
  } catch (error) {
    await deletePod(client, name);
    throw error;
  }
}

/** The profile with the real workspace: this machine's where it is copied, the volume's where it is claimed. */
async function settledProfile({ profile, workspace }: PodOptions): Promise<EnvironmentProfile> {
  if (workspace?.kind !== "claim") return { ...profile, workspace: realWorkspace(profile.workspace) };
  if (!isAbsolute(profile.workspace)) {
    throw failed(
      `Opening the workspace ${profile.workspace}`,
      "the path is not absolute. Give an absolute path.",
    );
  }
  return { ...profile, workspace: normalize(profile.workspace) };
}

type Operations = Omit<CopiedOperations, "finish"> & Partial<Pick<CopiedOperations, "finish">>;

async function checkedClaim(
  operations: Operations,
  { workspace }: EnvironmentProfile,
  signal: AbortSignal,
): Promise<Operations> {
  const real = await operations.realPath(workspace, signal);
  if (real !== workspace) {
    throw failed(
      `Opening the workspace ${workspace}`,
      "it is a symbolic link on the volume. Name the folder itself.",
    );
  }
  const { kind } = await operations.stat(workspace, signal).catch((error: unknown) => {
    throw error instanceof TauError && error.code === "environment.not_found"
      ? missing("Opening the workspace", workspace)
      : error;
  });
  if (kind !== "directory") throw failed(`Opening the workspace ${workspace}`, "it is not a folder.");
  return operations;
}

function podPolicy(profile: EnvironmentProfile): PathPolicy {
  return {
    profile,
    secretPaths: defaultSecretPaths(`${scratchPath}/home`),
    hiddenPaths: ["/proc", "/dev", "/run", "/sys"],
    protectedPaths:
      profile.access === "full" ? [] : defaultProtectedPaths.map((path) => join(profile.workspace, path)),
    isSecretName: isSecretFileName,
  };
}

function infoOf(
  { profile, image, runtimeClass, workspace }: PodOptions,
  { namespace }: PodName,
  network: NetworkTrial,
): EnvironmentInfo {
  const claimed = workspace?.kind === "claim";
  const gaps = [processGap, ...(claimed && profile.access !== "read-only" ? claimGaps : []), ...network.gaps];
  return {
    kind: "pod",
    // The process that escapes its command does not escape its pod: what is enforced is the profile.
    enforced: network.held && (!claimed || profile.access === "read-only"),
    profile,
    unenforced: gaps,
    profileHash: profileHash([
      "pod",
      profile.access,
      profile.workspace,
      profile.network,
      image,
      runtimeClass ?? "",
      namespace,
      claimed ? JSON.stringify(workspace) : "copy",
      defaultProtectedPaths,
      network.gaps,
      ...(profile.planFolder === undefined ? [] : [profile.planFolder]),
    ]),
  };
}
