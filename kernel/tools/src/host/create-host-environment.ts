import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { realpathSync } from "node:fs";
import { stat } from "node:fs/promises";
import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";

import type { Environment, EnvironmentProfile, StartRequest } from "../environment.ts";
import { commandVariables, programPathOf } from "./command-variables.ts";
import { failed, toEnvironmentError } from "./environment-error.ts";
import { createGuardedFiles } from "./guarded-files.ts";
import { defaultProtectedPaths, defaultSecretPaths, isSecretFileName } from "./guarded-paths.ts";
import { killMarkedProcesses, killQuietly, markerVariable } from "./marked-processes.ts";
import type { PathPolicy } from "./path-policy.ts";
import type { PipePool } from "./pipe-pool.ts";
import { createPipePool } from "./pipe-pool.ts";
import { profileHash } from "./profile-hash.ts";
import { createRunningSet } from "./running-set.ts";
import { runProcess } from "./run-process.ts";
import type { ProcessControl } from "./start-process.ts";
import { hasInput, startProcess } from "./start-process.ts";
import { resizeTerminal, terminalCommand } from "./terminal-command.ts";

/** Options of {@link createHostEnvironment}. */
export interface HostEnvironmentOptions {
  readonly profile: EnvironmentProfile;
  /** Variables for every command, beside the allowlisted ones of this process. */
  readonly env?: Readonly<Record<string, string>>;
  /** Absolute paths that are neither read nor written by file operations, beside the usual credentials. */
  readonly secretPaths?: readonly string[];
}

/** An environment that owns processes: disposing of it ends them and refuses new ones. */
export interface OwnedEnvironment extends Environment, AsyncDisposable {}

/**
 * Makes an {@link Environment} that acts on this machine as the user who runs Tau.
 *
 * File operations obey the profile. **Commands do not**: nothing keeps a program from writing elsewhere, from the
 * network, or from reading this process's memory and variables in `/proc`. `info.enforced` is false; use it for
 * commands that a person approves, or inside of a machine that is a sandbox itself.
 *
 * Throws `environment.not_found` when the workspace does not exist.
 */
export function createHostEnvironment(options: HostEnvironmentOptions): OwnedEnvironment {
  const profile = { ...options.profile, workspace: realWorkspace(options.profile.workspace) };
  const policy = hostPolicy(profile, options.secretPaths ?? []);
  const env = { ...commandVariables(process.env), ...options.env };
  const pipes = createPipePool();
  const running = createRunningSet();

  return {
    info: {
      kind: "host",
      enforced: false,
      profile,
      programPath: programPathOf(env),
      profileHash: profileHash([
        "host",
        profile.access,
        profile.workspace,
        profile.network,
        policy.secretPaths,
        policy.protectedPaths,
        ...(profile.planFolder === undefined ? [] : [profile.planFolder]),
      ]),
    },
    ...createGuardedFiles(policy),
    async exec(request, signal) {
      const limited = running.limit(signal);
      const cwd = await workingDirectory(request.cwd ?? profile.workspace);
      return await running.add(runProcess(hostControl(request, { cwd, env, pipes }), request, limited));
    },
    async start(request, signal) {
      const limited = running.limit(signal);
      const cwd = await workingDirectory(request.cwd ?? profile.workspace);
      const control = hostControl(request, { cwd, env, pipes });
      return await running.addStarted(
        startProcess(control, { ...request, withInput: hasInput(request) }, limited),
      );
    },
    async [Symbol.asyncDispose]() {
      await running[Symbol.asyncDispose]();
      pipes[Symbol.dispose]();
    },
  };
}

/** The workspace with its symlinks resolved. Throws `environment.not_found`. */
export function realWorkspace(workspace: string): string {
  if (!isAbsolute(workspace)) {
    throw failed(`Opening the workspace ${workspace}`, "the path is not absolute. Give an absolute path.");
  }
  try {
    return realpathSync(workspace);
  } catch (error) {
    throw toEnvironmentError(error, "Opening the workspace", workspace);
  }
}

/** Throws `environment.not_found` or `environment.failed` unless `cwd` is a folder. */
export async function workingDirectory(cwd: string): Promise<string> {
  if (!isAbsolute(cwd)) throw failed(`Entering ${cwd}`, "the path is not absolute. Give an absolute path.");
  try {
    if ((await stat(cwd)).isDirectory()) return cwd;
  } catch (error) {
    throw toEnvironmentError(error, "Entering", cwd);
  }
  throw failed(`Entering ${cwd}`, "it is not a folder.");
}

function hostPolicy(profile: EnvironmentProfile, secretPaths: readonly string[]): PathPolicy {
  return {
    profile,
    secretPaths: [...defaultSecretPaths(homedir()), ...secretPaths],
    // /proc shows the variables of this process, and with them its keys.
    hiddenPaths: ["/proc", "/dev"],
    protectedPaths: defaultProtectedPaths.map((path) => join(profile.workspace, path)),
    isSecretName: isSecretFileName,
  };
}

interface HostCommand {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly pipes: PipePool;
}

/** The descriptor of a command's terminal sizes: the first after the standard ones. */
const sizesDescriptor = 3;

function hostControl(request: StartRequest, { cwd, env, pipes }: HostCommand): ProcessControl {
  const marker = randomUUID();
  const since = performance.now();
  const { pty } = request;
  const [program, ...args] =
    pty === undefined ? request.argv : terminalCommand(request.argv, pty, sizesDescriptor);
  return {
    pipes,
    spawn: (stdio) =>
      spawn(program, args, {
        cwd,
        env: { ...env, ...request.env, [markerVariable]: marker },
        detached: true, // its own process group, so that all of it can be ended at once
        stdio: pty === undefined ? [...stdio] : [...stdio, "pipe"],
      }),
    terminate: (child) => {
      if (child.pid !== undefined) killQuietly(-child.pid, "SIGTERM");
    },
    kill: async (child) => {
      const { pid } = child;
      if (pid !== undefined) killQuietly(-pid, "SIGKILL");
      await killMarkedProcesses(marker, pid === undefined ? undefined : { pid, since });
    },
    ...(pty === undefined ? {} : { resize: (child, size) => resizeTerminal(child, size, sizesDescriptor) }),
  };
}
