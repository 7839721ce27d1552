import { EventEmitter, once } from "node:events";
import { mkdir, mkdtemp, readdir, readFile, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { isTauError } from "@tau/core";

import type {
  Environment,
  EnvironmentProfile,
  ExecRequest,
  ExecResult,
  RunningProcess,
  StartRequest,
} from "../environment.ts";

/** Makes the environment under test. The suite disposes of it. */
export type EnvironmentFactory = (profile: EnvironmentProfile) => Promise<Environment & AsyncDisposable>;

/** A signal that never aborts. */
export const never: AbortSignal = new AbortController().signal;

/** An environment, its workspace, and a folder next to it that nobody may write. */
export interface EnvironmentFixture extends AsyncDisposable {
  readonly environment: Environment & AsyncDisposable;
  readonly workspace: string;
  readonly outside: string;
  /** A path in the workspace. */
  readonly at: (path: string) => string;
  readonly run: (request: RunRequest, signal?: AbortSignal) => Promise<RunResult>;
  readonly start: (request: ProcessRequest, signal?: AbortSignal) => Promise<Conversation>;
}

/** A process for {@link EnvironmentFixture.start}: a program with arguments, or a line for bash. */
export type ProcessRequest = Partial<Omit<StartRequest, "argv">> &
  ({ readonly argv: ExecRequest["argv"] } | { readonly bash: string });

/** A running process and what it said. */
export interface Conversation extends RunningProcess {
  /** Settles with everything said so far once that contains `text`, or matches it; rejects when the process ends before. */
  heard(text: string | RegExp): Promise<string>;
}

/** A command for {@link EnvironmentFixture.run}: a program with arguments, or a line for bash. */
export type RunRequest = Partial<Omit<ExecRequest, "argv">> &
  ({ readonly argv: ExecRequest["argv"] } | { readonly bash: string });

/** What a command did and said. */
export interface RunResult extends ExecResult {
  readonly stdout: string;
  readonly stderr: string;
}

const timeLimitMs = 20_000;

/**
 * Makes a fixture: a workspace with `inside.txt`, `.env`, a Git folder and links in and out, and an outside with
 * `canary.txt`.
 */
export async function createEnvironmentFixture(
  create: EnvironmentFactory,
  profile: Partial<Omit<EnvironmentProfile, "workspace">> = {},
): Promise<EnvironmentFixture> {
  const base = await realpath(await mkdtemp(join(tmpdir(), "tau-environment-")));
  const workspace = join(base, "workspace");
  const outside = join(base, "outside");
  await fill(workspace, outside);
  const environment = await create({ access: "workspace-write", network: false, ...profile, workspace });
  return {
    environment,
    workspace,
    outside,
    at: (path) => join(workspace, path),
    run: (request, signal = never) => run(environment, request, signal),
    start: (request, signal = never) => start(environment, request, signal),
    async [Symbol.asyncDispose]() {
      await environment[Symbol.asyncDispose]();
      await rm(base, { recursive: true, force: true });
    },
  };
}

async function fill(workspace: string, outside: string): Promise<void> {
  await mkdir(join(workspace, ".git/hooks"), { recursive: true });
  await mkdir(join(workspace, "folder"));
  await mkdir(outside);
  await writeFile(join(outside, "canary.txt"), "untouched");
  await writeFile(join(workspace, "inside.txt"), "inside");
  await writeFile(join(workspace, ".git/config"), "[core]\n");
  await writeFile(join(workspace, ".env"), "KEY=secret\n");
  await symlink(outside, join(workspace, "to-outside"));
  await symlink(join(outside, "canary.txt"), join(workspace, "to-canary"));
  await symlink(join(outside, "new.txt"), join(workspace, "to-nowhere"));
  await symlink("to-outside", join(workspace, "to-link"));
  await symlink(".git/hooks", join(workspace, "to-hooks"));
  await symlink(".env", join(workspace, "to-env"));
  await symlink("inside.txt", join(workspace, "to-inside"));
}

async function run(environment: Environment, request: RunRequest, signal: AbortSignal): Promise<RunResult> {
  const output = { stdout: [] as Uint8Array[], stderr: [] as Uint8Array[] };
  const { onOutput } = request;
  const result = await environment.exec(
    {
      timeoutMs: timeLimitMs,
      ...request,
      argv: "argv" in request ? request.argv : ["bash", "-c", request.bash],
      onOutput(chunk, stream) {
        output[stream].push(chunk);
        onOutput?.(chunk, stream);
      },
    },
    signal,
  );
  const text = (chunks: readonly Uint8Array[]): string => Buffer.concat(chunks).toString("latin1");
  return { ...result, stdout: text(output.stdout), stderr: text(output.stderr) };
}

async function start(
  environment: Environment,
  request: ProcessRequest,
  signal: AbortSignal,
): Promise<Conversation> {
  const said = new EventEmitter();
  let output = "";
  const running = await environment.start(
    {
      ...request,
      argv: "argv" in request ? request.argv : ["bash", "-c", request.bash],
      onOutput(chunk, stream) {
        output += Buffer.from(chunk).toString("utf8");
        request.onOutput?.(chunk, stream);
        said.emit("more");
      },
    },
    signal,
  );
  const contains = (text: string | RegExp): boolean =>
    typeof text === "string" ? output.includes(text) : text.test(output);
  return {
    ...running,
    async heard(text) {
      const ended = running.exit.then(
        () => true,
        () => true,
      );
      while (!contains(text)) {
        const over = await Promise.race([once(said, "more").then(() => false), ended]);
        if (over && !contains(text)) throw new Error(`The process ended and never said ${text}: ${output}`);
      }
      return output;
    },
  };
}

/** The code of the `TauError` with which `promise` rejects; the value's text when it does not. */
export async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    return `no error, but ${JSON.stringify(await promise)}`;
  } catch (error) {
    return isTauError(error) ? error.code : `no TauError, but ${String(error)}`;
  }
}

/** Ids of the living processes, in any namespace below this one, whose command line contains `token`. */
export async function processesWith(token: string): Promise<readonly string[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid);
  const lines = await Promise.all(
    pids.map((pid) => readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")),
  );
  return pids.filter((_, index) => lines[index]?.includes(token) === true);
}

/** A shell line that runs for minutes and carries `token` in its arguments. */
export function endlessChild(token: string): string {
  return `bash -c 'while :; do sleep 1; done' ${token}`;
}

/** A command that says `ready`, ignores polite signals and has children that do, one of them in its own session. */
export function stubborn(token: string): string {
  return `trap '' TERM INT HUP; setsid ${endlessChild(token)} & ${endlessChild(token)} & echo ready; while :; do sleep 1; done`;
}
