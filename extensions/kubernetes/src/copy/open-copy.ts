import { homedir } from "node:os";
import { normalize } from "node:path";

import type { ExecRequest, GuardedFiles, OwnedEnvironment, PathPolicy, StartRequest } from "@tau/tools";
import { createGuardedFiles, defaultSecretPaths, isWithin } from "@tau/tools";

import type { PodCommands } from "../pod/pod-commands.ts";
import type { PodOptions } from "../pod/pod-options.ts";
import type { PodShell } from "../pod/pod-shell.ts";
import { createPodTree } from "./pod-tree.ts";
import { createWorkspaceSync } from "./sync-workspace.ts";

/** What {@link openCopy} needs. */
export interface CopyOptions {
  readonly shell: PodShell;
  readonly commands: PodCommands;
  /** The pod's. */
  readonly policy: PathPolicy;
  /** File operations in the pod, for paths that are not in the workspace. */
  readonly inPod: GuardedFiles;
  readonly options: PodOptions;
}

/** The operations of an environment whose workspace is copied. */
export type CopiedOperations = Pick<
  OwnedEnvironment,
  "exec" | "start" | "readFile" | "writeFile" | "stat" | "realPath"
> & {
  /** Brings back what an aborted command left; to be called before the pod is deleted. */
  finish(): Promise<void>;
};

const defaultMaxBytes = 2 ** 30;
const finishMs = 30_000;

/** Sends the workspace to the pod and answers operations that keep both the same. */
export async function openCopy(
  { shell, commands, policy, inPod, options }: CopyOptions,
  signal: AbortSignal,
): Promise<CopiedOperations> {
  const { profile, workspace: how } = options;
  const { exclude = [], maxBytes = defaultMaxBytes } = how?.kind === "copy" ? how : {};
  const herePolicy = { ...policy, secretPaths: defaultSecretPaths(homedir()) };
  const here = createGuardedFiles(herePolicy);
  const sync = createWorkspaceSync({
    policy: herePolicy,
    files: here,
    tree: createPodTree(shell, profile.workspace),
    exclude: new Set(exclude),
    maxBytes,
    isBusy: () => commands.living() > 0,
  });
  let stale = false; // whether a command may have left something in the pod
  let queue: Promise<unknown> = Promise.resolve();
  const alone = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    const turn = queue.then(work, work);
    queue = turn.catch(() => undefined);
    return await turn;
  };

  const pull = async (limit: AbortSignal): Promise<readonly string[]> => {
    const notes = await sync.pull(limit);
    stale = commands.living() > 0;
    return notes;
  };
  const beforeCommand = async ({ onOutput }: StartRequest, limit: AbortSignal): Promise<void> =>
    await alone(async () => {
      if (stale) tell(onOutput, await pull(limit));
      await sync.push(limit);
    });
  const afterCommand = async ({ onOutput }: StartRequest, limit: AbortSignal): Promise<void> =>
    await alone(async () => tell(onOutput, await pull(limit)));
  const writes = ({ readOnly }: StartRequest): boolean => profile.access !== "read-only" && readOnly !== true;
  const beforeFile = async (limit: AbortSignal): Promise<void> => {
    if (stale) await alone(async () => await pull(limit));
  };
  /** What is not in the workspace is the pod's: paths mean the same to commands and to file operations. */
  const filesFor = async (path: string, limit: AbortSignal): Promise<GuardedFiles> => {
    if (!isWithin(normalize(path), profile.workspace)) return inPod;
    return isWithin(await here.realPath(path, limit), profile.workspace) ? here : inPod;
  };

  await alone(async () => await sync.push(signal));
  return {
    async exec(request, limit) {
      await beforeCommand(request, limit);
      stale ||= writes(request);
      const result = await commands.exec(request, limit);
      if (writes(request)) await afterCommand(request, limit);
      return result;
    },
    async start(request, limit) {
      await beforeCommand(request, limit);
      stale ||= writes(request);
      const { exit, ...started } = await commands.start(request, limit);
      const settled = exit.then(async (result) => {
        if (writes(request)) await afterCommand(request, limit);
        return result;
      });
      settled.catch(() => undefined); // as `Environment.start` promises
      return { ...started, exit: settled };
    },
    async readFile(path, limit) {
      await beforeFile(limit);
      return await (await filesFor(path, limit)).readFile(path, limit);
    },
    async stat(path, limit) {
      await beforeFile(limit);
      return await (await filesFor(path, limit)).stat(path, limit);
    },
    realPath: async (path, limit) => await (await filesFor(path, limit)).realPath(path, limit),
    async writeFile(path, data, settings, limit) {
      await beforeFile(limit);
      await (await filesFor(path, limit)).writeFile(path, data, settings, limit);
      if (commands.living() > 0) await alone(async () => await sync.push(limit)); // a server that watches files sees it
    },
    async finish() {
      if (stale) await alone(async () => await pull(AbortSignal.timeout(finishMs))).catch(() => undefined);
    },
  };
}

function tell(onOutput: ExecRequest["onOutput"], notes: readonly string[]): void {
  for (const note of notes) onOutput?.(Buffer.from(`tau: ${note}\n`), "stderr");
}
