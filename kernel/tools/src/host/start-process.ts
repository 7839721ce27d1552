import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { constants } from "node:os";
import type { Readable, Writable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";

import type { ExecRequest, ExecResult, RunningProcess, StartRequest, TerminalSize } from "../environment.ts";
import type { CommandStdio, CommandStreams } from "./command-stdio.ts";
import { openStdio } from "./command-stdio.ts";
import { failed } from "./environment-error.ts";
import type { PipePool } from "./pipe-pool.ts";

/** How long a command may tidy up after it was asked to end, before it is killed, unless its control says more. */
const defaultPoliteMs = 100;
/** How long children that outlive the command may still write to its output. */
const graceMs = 100;
/** How long, once everything is dead, the rest of the output may take. */
const drainMs = 2000;

/** How one kind of environment starts and ends processes. */
export interface ProcessControl {
  /** Where the pipes for the output come from; without it, Node's sockets are used. */
  readonly pipes?: PipePool;
  /** How long a command may tidy up after {@link terminate}, before it is killed. Default 100 ms. */
  readonly politeMs?: number;
  /** Starts the command with these standard streams. May throw. */
  spawn(stdio: CommandStdio["child"]): ChildProcess;
  /** Begins the command in a process that was started ahead and waits for it; then {@link spawn} is not called. */
  takeOver?(): SpawnedProcess;
  /** Asks the command and its children to end. */
  terminate(child: ChildProcess): void;
  /** Ends whatever is left; settles when nothing is alive. */
  kill(child: ChildProcess): Promise<void>;
  /** Changes the size of the terminal, for a command that has one. */
  resize?(child: ChildProcess, size: TerminalSize): void;
}

/** What {@link startProcess} needs to know beside how to start. */
export interface StartOptions {
  readonly onOutput?: ExecRequest["onOutput"];
  /** Whether standard input is a pipe; otherwise it is empty. */
  readonly withInput: boolean;
}

/** Whether a process that is to be started can be written to. */
export function hasInput({ input, pty }: Pick<StartRequest, "input" | "pty">): boolean {
  return input !== false || pty !== undefined;
}

/** A {@link RunningProcess} that can be ended without waiting. */
export interface StartedProcess extends RunningProcess {
  /** Begins to end the process; false when it has exited already. */
  end(): boolean;
}

/**
 * Starts one process and watches over it and everything that it starts.
 *
 * Waits for the exit, not for the end of the output: a background child that holds the pipe would keep a
 * command that waits for it forever. Throws `environment.failed` when it cannot be started.
 */
export async function startProcess(
  control: ProcessControl,
  options: StartOptions,
  signal: AbortSignal,
): Promise<StartedProcess> {
  signal.throwIfAborted();
  const startedAt = performance.now();
  const { child, streams } = control.takeOver?.() ?? (await spawnProcess(control, options.withInput));
  const stop = new AbortController();
  const exited = exitOf(child);
  let running = true;
  listen(streams, options.onOutput, stop);
  streams.stdin?.on("error", () => streams.stdin?.destroy()); // ending without reading it is no failure

  const watch = async (): Promise<ExecResult> => {
    const onAbort = (): void => stop.abort(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) onAbort(); // while the command was being started
    const stopping = stopped(stop.signal).then(() => endProcess(control, child, exited));
    try {
      const exitCode = await exited;
      running = false;
      await settles(streams.closed, graceMs, stop.signal);
      await control.kill(child);
      await settles(streams.closed, stop.signal.aborted ? graceMs : drainMs, signal);
      if (stop.signal.aborted && stop.signal.reason !== askedToEnd) throw stop.signal.reason;
      return { exitCode, timedOut: false, durationMs: performance.now() - startedAt };
    } finally {
      signal.removeEventListener("abort", onAbort);
      if (stop.signal.aborted) await stopping;
      for (const stream of child.stdio) stream?.destroy();
      streams.destroy();
    }
  };
  const exit = watch();
  exit.catch(() => undefined); // whoever started it may have left; then nobody misses the reason

  const end = (): boolean => {
    if (running) stop.abort(askedToEnd);
    return running;
  };
  return {
    exit,
    end,
    write: (data) => writeTo(streams.stdin, data),
    closeInput: () => streams.stdin?.end(),
    ...(control.resize === undefined
      ? {}
      : { resize: (size: TerminalSize) => control.resize?.(child, size) }),
    async kill() {
      end();
      await Promise.allSettled([exit]);
    },
  };
}

const askedToEnd = new Error("The process was asked to end.");

async function writeTo(stdin: Writable | null, data: string | Uint8Array): Promise<void> {
  const ended = "the process, or its input, has ended.";
  if (stdin === null || !stdin.writable) throw failed("Writing to the process", ended);
  await new Promise<void>((resolve, reject) => {
    stdin.write(data, (error) => {
      if (error) reject(failed("Writing to the process", ended, error));
      else resolve();
    });
  });
}

/** A process and this process's ends of its standard streams. */
export interface SpawnedProcess {
  readonly child: ChildProcess;
  readonly streams: CommandStreams;
}

/** Starts a process that nobody watches yet. Throws `environment.failed` when it cannot be started. */
export async function spawnProcess(
  control: Pick<ProcessControl, "pipes" | "spawn">,
  withInput: boolean,
): Promise<SpawnedProcess> {
  const stdio = await openStdio(control.pipes, withInput);
  let child: ChildProcess;
  try {
    child = control.spawn(stdio.child);
    await once(child, "spawn");
  } catch (error) {
    stdio.abandon();
    throw failed(
      "Starting the command",
      "the program was not found or may not be run. Check the program's name, the PATH and its permissions.",
      error,
    );
  }
  return { child, streams: stdio.connect(child) };
}

/** The exit code; 128 + signal when a signal ended the process. */
async function exitOf(child: ChildProcess): Promise<number> {
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  if (child.exitCode !== null) return child.exitCode;
  return 128 + (child.signalCode === null ? 0 : constants.signals[child.signalCode]);
}

async function endProcess(
  control: ProcessControl,
  child: ChildProcess,
  exited: Promise<number>,
): Promise<void> {
  control.terminate(child);
  await settles(exited, control.politeMs ?? defaultPoliteMs);
  await control.kill(child);
}

/** Waits for `promise`, but no longer than `limitMs`, and not once `signal` aborts. */
async function settles(promise: Promise<unknown>, limitMs: number, signal?: AbortSignal): Promise<void> {
  const over = new AbortController();
  const limit = AbortSignal.any(signal === undefined ? [over.signal] : [over.signal, signal]);
  try {
    await Promise.race([promise, delay(limitMs, undefined, { signal: limit }).catch(() => undefined)]);
  } finally {
    over.abort();
  }
}

async function stopped(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, "abort");
}

function listen(streams: CommandStreams, onOutput: ExecRequest["onOutput"], stop: AbortController): void {
  let broken = false;
  const from = (stream: Readable | null, name: "stdout" | "stderr"): void => {
    stream?.on("data", (chunk: Uint8Array) => {
      if (broken) return;
      try {
        onOutput?.(chunk, name);
      } catch (error) {
        broken = true;
        stop.abort(error);
      }
    });
    stream?.on("error", () => stream.destroy());
  };
  from(streams.stdout, "stdout");
  from(streams.stderr, "stderr");
}
