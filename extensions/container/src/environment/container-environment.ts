import { isAbsolute } from "node:path";

import { isTauError, TauError } from "@tau/core";
import type { ExecRequest, ExecResult, OwnedEnvironment, RunningProcess, StartRequest } from "@tau/tools";
import {
  createGuardedFiles,
  createRunningSet,
  hasInput,
  isWithin,
  profileHash,
  workingDirectory,
} from "@tau/tools";

import type { ContainerEngine } from "../engine/container-engine.ts";
import type { ContainerRunner } from "./container-runner.ts";
import { createContainerRunner } from "./container-runner.ts";
import type { ContainerSettings } from "./container-settings.ts";
import { containerSpec } from "./container-spec.ts";

/** What every container environment leaves open, beside what its self-test finds. */
const gaps: readonly string[] = ["commands see the image's programs and files, not this machine's"];

/** The environment over settings that are settled; `specOf` is replaced by tests that weaken the container. */
export function containerEnvironment(
  engine: ContainerEngine,
  settings: ContainerSettings,
  specOf: typeof containerSpec = containerSpec,
): OwnedEnvironment {
  const { profile, policy, image } = settings;
  const runner = createContainerRunner(engine, settings, specOf);
  const running = createRunningSet();

  return {
    info: {
      kind: "container",
      enforced: true,
      profile,
      programPath: image.programPath,
      profileHash: hashOf(settings, specOf),
      unenforced: gaps,
    },
    ...createGuardedFiles(policy),
    async exec(request, signal) {
      const limited = running.limit(signal);
      const cwd = await folderOf(request, profile.workspace);
      return await running.add(translated(run(runner, { ...request, cwd }, limited)));
    },
    async start(request, signal) {
      const limited = running.limit(signal);
      const cwd = await folderOf(request, profile.workspace);
      const started = runner.start({ ...request, cwd }, hasInput(request), limited);
      return await running.addStarted(translated(started).then(withTranslatedExit));
    },
    async [Symbol.asyncDispose]() {
      await running[Symbol.asyncDispose]();
      await runner.close();
    },
  };
}

/** The longest delay that timers know. */
const maxTimeoutMs = 2 ** 31 - 1;

async function run(
  runner: ContainerRunner,
  request: ExecRequest & { readonly cwd: string },
  signal: AbortSignal,
): Promise<ExecResult> {
  const { stdin, timeoutMs } = request;
  const process = await runner.start(request, stdin !== undefined, signal);
  let timedOut = false;
  const timer = setTimeout(
    () => {
      timedOut = process.end();
    },
    Math.min(timeoutMs, maxTimeoutMs),
  );
  try {
    if (stdin !== undefined) {
      // A command may end without reading its input: that is its business, not a failure.
      process.write(stdin).catch(() => undefined);
      process.closeInput();
    }
    return { ...(await process.exit), timedOut };
  } finally {
    clearTimeout(timer);
  }
}

/** Below the workspace the folder is looked at here; any other is the container's to have or not. */
async function folderOf({ cwd, argv }: StartRequest, workspace: string): Promise<string> {
  if (argv.some((word) => word.includes("\0"))) throw failed("an argument contains a zero byte.");
  const folder = cwd ?? workspace;
  if (!isAbsolute(folder) || isWithin(folder, workspace)) return await workingDirectory(folder);
  return folder;
}

/** The port knows no engines: whatever one does wrong is a command that failed. */
async function translated<Result>(work: Promise<Result>): Promise<Result> {
  try {
    return await work;
  } catch (error) {
    throw isTauError(error) && error.code.startsWith("container.") ? failed(error.message, error) : error;
  }
}

function withTranslatedExit(started: RunningProcess): RunningProcess {
  const exit = translated(started.exit);
  exit.catch(() => undefined); // as `Environment.start` promises
  return { ...started, exit };
}

function failed(why: string, cause?: unknown): TauError {
  return new TauError("environment.failed", `Running the command failed: ${why}`, { cause });
}

function hashOf(settings: ContainerSettings, specOf: typeof containerSpec): string {
  const { profile, policy, options } = settings;
  const view = { mounts: { binds: [], hidden: [], key: "" }, network: profile.network === true };
  const { Labels: _, ...spec } = specOf(settings, view);
  return profileHash([
    "container",
    profile.access,
    profile.workspace,
    profile.network,
    profile.planFolder ?? "",
    policy.secretPaths,
    policy.protectedPaths,
    options.runtime ?? "",
    JSON.stringify(spec),
  ]);
}
