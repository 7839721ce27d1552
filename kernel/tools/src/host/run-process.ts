import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { constants } from "node:os";
import type { Readable, Writable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";

import type { ExecRequest, ExecResult } from "../environment.ts";
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
/** The longest delay that timers know. */
const maxTimeoutMs = 2 ** 31 - 1;

/** How one kind of environment starts and ends processes. */
export interface ProcessControl {
  /** Where the pipes for the output come from; without it, Node's sockets are used. */
  readonly pipes?: PipePool;
  /** How long a command may tidy up after {@link terminate}, before it is killed. Default 100 ms. */
  readonly politeMs?: number;
  /** Starts the command with these standard streams. May throw. */
  spawn(stdio: CommandStdio["child"]): ChildProcess;
  /** Asks the command and its children to end. */
  terminate(child: ChildProcess): void;
  /** Ends whatever is left; settles when nothing is alive. */
  kill(child: ChildProcess): Promise<void>;
}

/** What of an {@link ExecRequest} matters once the process is described. */
export type ProcessRequest = Pick<ExecRequest, "stdin" | "timeoutMs" | "onOutput">;

/**
 * Runs one process to its end, and to the end of everything that it started.
 *
 * Waits for the exit, not for the end of the output: a background child that holds the pipe would keep a
 * command that waits for it forever. Rejects with the signal's reason when `signal` aborts.
 */
export async function runProcess(
  control: ProcessControl,
  request: ProcessRequest,
  signal: AbortSignal,
): Promise<ExecResult> {
  signal.throwIfAborted();
  const startedAt = performance.now();
  const { child, streams } = await start(control, request.stdin !== undefined);
  const stop = new AbortController();
  const exited = exitOf(child);
  const onAbort = (): void => stop.abort(signal.reason);
  const timedOut = new Error("The command took too long.");
  const timer = setTimeout(() => stop.abort(timedOut), Math.min(request.timeoutMs, maxTimeoutMs));
  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) onAbort(); // while the command was being started
  const stopping = stopped(stop.signal).then(() => endProcess(control, child, exited));
  try {
    listen(streams, request.onOutput, stop);
    feed(streams.stdin, request.stdin);
    const exitCode = await exited;
    clearTimeout(timer);
    await settles(streams.closed, graceMs, stop.signal);
    await control.kill(child);
    await settles(streams.closed, stop.signal.aborted ? graceMs : drainMs, signal);
    if (stop.signal.aborted && stop.signal.reason !== timedOut) throw stop.signal.reason;
    return { exitCode, timedOut: stop.signal.aborted, durationMs: performance.now() - startedAt };
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", onAbort);
    if (stop.signal.aborted) await stopping;
    streams.destroy();
  }
}

interface Started {
  readonly child: ChildProcess;
  readonly streams: CommandStreams;
}

async function start(control: ProcessControl, withInput: boolean): Promise<Started> {
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

function feed(stdin: Writable | null, data: string | Uint8Array | undefined): void {
  // A command may end without reading its input: that is its business, not a failure.
  stdin?.on("error", () => stdin.destroy());
  stdin?.end(data);
}
