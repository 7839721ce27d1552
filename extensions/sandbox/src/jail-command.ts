import { spawn } from "node:child_process";
import { Duplex, Readable } from "node:stream";

import { TauError } from "@tau/core";
import type {
  ExecRequest,
  ExecResult,
  PipePool,
  ProcessControl,
  RunningProcess,
  StartRequest,
} from "@tau/tools";
import { hasInput, resizeTerminal, runProcess, startProcess, terminalCommand } from "@tau/tools";

import { jailArguments, jailDescriptors } from "./jail-arguments.ts";
import { coverInherited } from "./inherited-descriptors.ts";
import type { JailSettings } from "./jail-settings.ts";
import type { JailStatus } from "./jail-status.ts";
import { followStatus } from "./jail-status.ts";
import type { JailView } from "./jail-view.ts";
import { endedText } from "./limits/limit-text.ts";
import { watchLimits } from "./limits/watch-limits.ts";
import type { LimitWatch } from "./limits/watch-limits.ts";

/** How one command is put into bubblewrap; tests weaken it to see that the self-test notices. */
export interface JailVector {
  readonly arguments: readonly string[];
  readonly filter: Uint8Array;
  readonly variables: Readonly<Record<string, string>>;
}

/** The vector that every command gets. */
export function jailVector(settings: JailSettings, view: JailView): JailVector {
  return {
    arguments: jailArguments(view),
    filter: settings.filter,
    variables: settings.bwrapVariables,
  };
}

/** What starts a process. */
export interface JailLauncher extends Pick<JailSettings, "bwrapPath" | "prefix" | "limits"> {
  readonly pipes?: PipePool;
  /** What the parent of this process left open: see {@link coverInherited}. */
  readonly inherited: readonly number[];
  /** Put before bubblewrap's own command line. */
  readonly wrapping?: readonly string[];
}

/** Runs a command in bubblewrap. Throws `environment.failed` when it could not be started. */
export async function runInJail(
  launcher: JailLauncher,
  vector: JailVector,
  request: ExecRequest,
  signal: AbortSignal,
): Promise<ExecResult> {
  const watched = watchStart(launcher, vector, request);
  return watched.check(await runProcess(watched.control, { ...request, onOutput: watched.onOutput }, signal));
}

/** Starts a process in bubblewrap; `exit` rejects with `environment.failed` when bubblewrap could not start it. */
export async function startInJail(
  launcher: JailLauncher,
  vector: JailVector,
  request: StartRequest,
  signal: AbortSignal,
): Promise<RunningProcess> {
  const watched = watchStart(launcher, vector, request);
  const options = { withInput: hasInput(request), onOutput: watched.onOutput };
  const { exit, end: _, ...process } = await startProcess(watched.control, options, signal);
  return { ...process, exit: exit.then(watched.check) };
}

interface WatchedStart {
  readonly control: JailControl;
  readonly onOutput: NonNullable<ExecRequest["onOutput"]>;
  /** Throws when the end was not the command's own. */
  check(result: ExecResult): ExecResult;
}

function watchStart(launcher: JailLauncher, vector: JailVector, request: StartRequest): WatchedStart {
  const complaint = followComplaint();
  const control = jailControl(launcher, vector, request);
  return {
    control,
    onOutput(chunk, stream) {
      if (stream === "stderr") complaint.add(chunk);
      request.onOutput?.(chunk, stream);
    },
    check(result) {
      const started = result.timedOut || result.exitCode >= 128 || control.status()?.commandEnded() === true;
      const why = started
        ? complaint.of("prlimit: failed to execute ")
        : (complaint.of("bwrap: ") ?? complaint.of("mount: ") ?? complaint.of("nsenter: "));
      if (started && !(why !== undefined && (result.exitCode === 126 || result.exitCode === 127))) {
        const limit = control.exceeded() ?? endedText(result.exitCode, launcher.limits);
        if (limit !== undefined) request.onOutput?.(Buffer.from(`tau: killed: ${limit}\n`), "stderr");
        return result;
      }
      throw new TauError(
        "environment.failed",
        `Starting the command failed: ${why ?? "bubblewrap gave up"}.`,
      );
    },
  };
}

interface JailControl extends ProcessControl {
  status(): JailStatus | undefined;
  /** What of its limits the command was ended for. */
  exceeded(): string | undefined;
}

function jailControl(launcher: JailLauncher, vector: JailVector, request: StartRequest): JailControl {
  let status: JailStatus | undefined;
  let watch: LimitWatch | undefined;
  const { sizes } = jailDescriptors;
  const { pty } = request;
  const argv = pty === undefined ? request.argv : terminalCommand(request.argv, pty, sizes);
  return {
    status: () => status,
    exceeded: () => watch?.exceeded(),
    ...(launcher.pipes === undefined ? {} : { pipes: launcher.pipes }),
    spawn(stdio) {
      const own = [
        ...stdio,
        "pipe",
        "pipe",
        "pipe",
        ...(pty === undefined ? [] : ["pipe" as const]),
      ] as const;
      const covered = coverInherited(launcher.inherited, own.length);
      const [program, ...wrapped] = [...(launcher.wrapping ?? []), launcher.bwrapPath];
      const child = spawn(
        program,
        [...wrapped, "--args", String(jailDescriptors.arguments), "--", ...launcher.prefix, ...argv],
        {
          cwd: "/",
          env: vector.variables,
          detached: true, // signals of Tau's terminal are Tau's to answer
          stdio: [...own, ...covered.stdio],
        },
      );
      covered.close();
      const [, , , toArguments, toSeccomp, fromStatus]: readonly unknown[] = child.stdio;
      send(toArguments, vector.arguments.map((item) => `${item}\0`).join(""));
      send(toSeccomp, vector.filter);
      if (fromStatus instanceof Readable) status = followStatus(fromStatus);
      const watching = watchLimits(
        launcher.limits,
        () => status?.firstProcess(),
        () => child.kill("SIGKILL"),
      );
      watch = watching;
      child.once("exit", () => watching[Symbol.dispose]());
      child.once("error", () => watching[Symbol.dispose]());
      return child;
    },
    terminate(child) {
      if (status?.terminate() !== true) child.kill("SIGKILL");
    },
    async kill(child) {
      // Process 1 of the jail dies with bubblewrap, and every other process of the jail with process 1.
      child.kill("SIGKILL");
      await status?.gone();
    },
    ...(pty === undefined ? {} : { resize: (child, size) => resizeTerminal(child, size, sizes) }),
  };
}

function send(stream: unknown, data: string | Uint8Array): void {
  if (!(stream instanceof Duplex)) throw new TypeError("The pipe to bubblewrap cannot be written.");
  // bubblewrap may give up before it has read everything; its exit says so.
  stream.on("error", () => stream.destroy());
  stream.end(data);
}

const complaintBytes = 2000;

/** Keeps the beginning of what was written to standard error, where starters of programs complain. */
function followComplaint(): { add(chunk: Uint8Array): void; of(prefix: string): string | undefined } {
  let text = "";
  return {
    add(chunk) {
      if (text.length < complaintBytes) text += Buffer.from(chunk).toString("utf8");
    },
    of: (prefix) =>
      text
        .split("\n")
        .find((line) => line.startsWith(prefix))
        ?.slice(prefix.length),
  };
}
