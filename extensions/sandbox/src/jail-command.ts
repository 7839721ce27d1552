import type { ChildProcess } from "node:child_process";

import { TauError } from "@tau/core";
import type { ExecRequest, ExecResult, ProcessControl, RunningProcess, StartRequest } from "@tau/tools";
import { hasInput, resizeTerminal, runProcess, startProcess, terminalCommand } from "@tau/tools";

import type { BubblewrapProcess, JailLauncher, JailVector } from "./bubblewrap-process.ts";
import { spawnInBubblewrap } from "./bubblewrap-process.ts";
import { endBubblewrap } from "./end-bubblewrap.ts";
import { jailDescriptors } from "./jail-arguments.ts";
import type { JailStatus } from "./jail-status.ts";
import { endedText } from "./limits/limit-text.ts";
import { watchLimits } from "./limits/watch-limits.ts";
import type { LimitWatch } from "./limits/watch-limits.ts";
import type { OrderedJail } from "./spare/spare-jail.ts";

/** What a command is run with. */
export interface JailStart {
  readonly launcher: JailLauncher;
  readonly vector: JailVector;
  /** A jail of this very vector that waits for this command; without it, one is made. */
  readonly spare?: OrderedJail | undefined;
}

/** Runs a command in bubblewrap. Throws `environment.failed` when it could not be started. */
export async function runInJail(
  start: JailStart,
  request: ExecRequest,
  signal: AbortSignal,
): Promise<ExecResult> {
  const watched = watchStart(start, request);
  return watched.check(await runProcess(watched.control, { ...request, onOutput: watched.onOutput }, signal));
}

/** Starts a process in bubblewrap; `exit` rejects with `environment.failed` when bubblewrap could not start it. */
export async function startInJail(
  start: JailStart,
  request: StartRequest,
  signal: AbortSignal,
): Promise<RunningProcess> {
  const watched = watchStart(start, request);
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

function watchStart(start: JailStart, request: StartRequest): WatchedStart {
  const complaint = followComplaint();
  const control = jailControl(start, request);
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
        const limit = control.exceeded() ?? endedText(result.exitCode, start.launcher.limits);
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

function jailControl({ launcher, vector, spare }: JailStart, request: StartRequest): JailControl {
  let running: BubblewrapProcess | undefined;
  let watch: LimitWatch | undefined;
  const { sizes } = jailDescriptors;
  const { pty } = request;
  const begun = (process: BubblewrapProcess): ChildProcess => {
    const { child } = process;
    running = process;
    const watching = watchLimits(
      launcher.limits,
      () => process.status.firstProcess(),
      () => child.kill("SIGKILL"),
    );
    watch = watching;
    child.once("exit", () => watching[Symbol.dispose]());
    child.once("error", () => watching[Symbol.dispose]());
    return child;
  };
  return {
    status: () => running?.status,
    exceeded: () => watch?.exceeded(),
    ...(launcher.pipes === undefined ? {} : { pipes: launcher.pipes }),
    spawn(stdio) {
      const argv = pty === undefined ? request.argv : terminalCommand(request.argv, pty, sizes);
      const whole = { ...vector, arguments: [...vector.arguments, ...settingVariables(vector)] };
      return begun(spawnInBubblewrap(launcher, whole, { argv, stdio, ownPipe: pty !== undefined }));
    },
    ...(spare === undefined
      ? {}
      : {
          takeOver() {
            begun(spare);
            return spare.begin();
          },
        }),
    terminate() {
      // Without a process 1 there is nothing to be tidied up.
      if (running !== undefined && !running.status.terminate()) endBubblewrap(running).catch(() => undefined);
    },
    async kill() {
      // Process 1 of the jail dies with bubblewrap, and every other process of the jail with process 1.
      if (running !== undefined) await endBubblewrap(running);
    },
    ...(pty === undefined ? {} : { resize: (child, size) => resizeTerminal(child, size, sizes) }),
  };
}

function settingVariables({ innerVariables }: JailVector): readonly string[] {
  return Object.entries(innerVariables).flatMap(([name, value]) => ["--setenv", name, value]);
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
