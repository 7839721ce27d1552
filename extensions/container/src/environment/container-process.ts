import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { constants } from "node:os";
import type { Duplex } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";

import { TauError } from "@tau/core";
import type { ExecResult, RunningProcess, StartRequest, TerminalSize } from "@tau/tools";

import type { ContainerEngine } from "../engine/container-engine.ts";
import { demultiplex } from "../engine/demultiplex.ts";
import type { Fields } from "../engine/fields.ts";
import { fieldsOf, textOf } from "../engine/fields.ts";
import { toList } from "./container-spec.ts";
import type { LiveContainer, SweptState } from "./live-container.ts";
import { settlesWithin } from "./live-container.ts";
import type { LauncherWords } from "./launcher-words.ts";
import { createLauncherWords } from "./launcher-words.ts";
import { launcherScript } from "./supervisor-script.ts";

/** How long a command may tidy up after it was asked to end, before it is killed. */
const politeMs = 100;
/** How long, once everything is dead, the rest of the output may take. */
const drainMs = 2000;
/** How often the engine is asked whether a command still runs whose output has not ended. */
const watchMs = 2000;
const engineLimitMs = 10_000;
/** Of a command that was killed together with its launcher. */
const killedCode = 128 + constants.signals.SIGKILL;

/** A {@link RunningProcess} that can be ended without waiting. */
export interface ContainerProcess extends RunningProcess {
  /** Begins to end the process; false when it has exited already. */
  end(): boolean;
  /** What the container is like afterwards; settles with `exit`, and never rejects. */
  readonly swept: Promise<SweptState>;
}

/** Where and as whom a process runs. */
export interface ContainerPlace {
  readonly engine: ContainerEngine;
  readonly container: LiveContainer;
  readonly cwd: string;
  readonly user: string;
  readonly withInput: boolean;
}

/** Starts a command in a container that is its own until `swept` settles. */
export async function startInContainer(
  place: ContainerPlace,
  request: StartRequest,
  signal: AbortSignal,
): Promise<ContainerProcess> {
  const startedAt = performance.now();
  const { engine, container } = place;
  const word = randomUUID();
  const id = await createExec(place, request, { word, signal });
  const start = { method: "POST", path: `/exec/${id}/start`, body: startBody(request) } as const;
  const socket = await engine.hijack(start, signal);
  const stop = new AbortController();
  const words = createLauncherWords(
    { word, stream: request.pty === undefined ? "stderr" : "stdout" },
    listenerOf(request, stop),
  );
  const ended = endOf(socket, request, { words, stop });
  const { promise: swept, resolve: settleSwept } = Promise.withResolvers<SweptState>();
  let running = true;

  const watch = async (): Promise<ExecResult> => {
    const onAbort = (): void => stop.abort(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) onAbort();
    const over = new AbortController();
    try {
      await Promise.race([ended, stopped(stop.signal), exited(engine, id, over.signal)]);
      if (stop.signal.aborted) {
        container.terminate();
        await settlesWithin(ended, politeMs);
      }
      running = false;
      settleSwept(await container.sweep());
      await settlesWithin(ended, drainMs);
      if (stop.signal.aborted && stop.signal.reason !== askedToEnd) throw stop.signal.reason;
      const exitCode = words.exitCode() ?? (await engineExitCode(engine, id)) ?? killedCode;
      return { exitCode, timedOut: false, durationMs: performance.now() - startedAt };
    } finally {
      over.abort();
      running = false;
      signal.removeEventListener("abort", onAbort);
      socket.destroy();
      settleSwept("removed");
    }
  };
  const exit = watch();
  exit.catch(() => undefined); // whoever started it may have left; then nobody misses the reason

  const { pty } = request;
  const end = (): boolean => {
    if (running) stop.abort(askedToEnd);
    return running;
  };
  return {
    exit,
    swept,
    end,
    write: (data) => writeTo(socket, data, place.withInput && running),
    closeInput() {
      if (!running || !place.withInput) return;
      if (pty === undefined) socket.end();
      else socket.write("\u0004");
    },
    ...(pty === undefined ? {} : { resize: (size: TerminalSize) => resize(engine, id, size) }),
    async kill() {
      end();
      await Promise.allSettled([exit]);
    },
  };
}

const askedToEnd = new Error("The process was asked to end.");

interface ExecIdentity {
  readonly word: string;
  readonly signal: AbortSignal;
}

async function createExec(
  { engine, container, cwd, user, withInput }: ContainerPlace,
  { argv, env = {}, pty }: StartRequest,
  { word, signal }: ExecIdentity,
): Promise<string> {
  const size = pty === undefined ? ["", ""] : [String(pty.rows), String(pty.columns)];
  const isNull = !withInput && pty === undefined;
  const body = {
    AttachStdin: !isNull,
    AttachStdout: true,
    AttachStderr: true,
    Tty: pty !== undefined,
    User: user,
    WorkingDir: "/",
    Env: toList(env),
    Cmd: ["/bin/sh", "-c", launcherScript, "tau", word, cwd, ...size, isNull ? "null" : "", ...argv],
  };
  const path = `/containers/${container.id}/exec`;
  const id = textOf(fieldsOf(await engine.ask({ method: "POST", path, body }, signal))["Id"]);
  if (/^[0-9a-f]{12,64}$/u.test(id)) return id;
  throw new TauError("container.engine_failed", "The container engine named no command.");
}

function startBody({ pty }: StartRequest): unknown {
  return { Detach: false, Tty: pty !== undefined };
}

type Listener = NonNullable<StartRequest["onOutput"]>;

/** Hands on output until the listener throws, which ends the command. */
function listenerOf({ onOutput }: StartRequest, stop: AbortController): Listener {
  let broken = false;
  return (chunk, stream) => {
    if (broken) return;
    try {
      onOutput?.(chunk, stream);
    } catch (error) {
      broken = true;
      stop.abort(error);
    }
  };
}

/** Settles when the output has ended. */
async function endOf(
  socket: Duplex,
  { pty }: StartRequest,
  { words, stop }: { readonly words: LauncherWords; readonly stop: AbortController },
): Promise<void> {
  const take =
    pty === undefined ? demultiplex(words.listen) : (chunk: Uint8Array) => words.listen(chunk, "stdout");
  socket.on("data", (chunk: Uint8Array) => {
    try {
      take(chunk);
    } catch (error) {
      stop.abort(error);
    }
  });
  // An error is an end like others: a command may end without reading its input.
  await new Promise<void>((resolve) => {
    socket.once("end", resolve);
    socket.once("close", resolve);
  });
}

async function stopped(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, "abort");
}

/**
 * Settles when the engine says that the command has ended. Usually its output ends first: this is for a command that
 * kills its launcher, and leaves children that hold the output.
 */
async function exited(engine: ContainerEngine, id: string, signal: AbortSignal): Promise<void> {
  for (;;) {
    await delay(watchMs, undefined, { signal, ref: false }).catch(() => undefined);
    if (signal.aborted || !(await isRunning(engine, id, signal))) return;
  }
}

/** An engine that does not answer is waited for: the command's own limit ends it. */
async function isRunning(engine: ContainerEngine, id: string, signal: AbortSignal): Promise<boolean> {
  return (await execState(engine, id, signal))["Running"] !== false;
}

/** What the engine knows of a command whose launcher could not say how it ended; a killed one has no code. */
async function engineExitCode(engine: ContainerEngine, id: string): Promise<number | undefined> {
  const { Running, ExitCode } = await execState(engine, id, AbortSignal.timeout(engineLimitMs));
  return Running === false && typeof ExitCode === "number" && ExitCode >= 0 ? ExitCode : undefined;
}

async function execState(engine: ContainerEngine, id: string, signal: AbortSignal): Promise<Fields> {
  try {
    return fieldsOf(await engine.ask({ method: "GET", path: `/exec/${id}/json` }, signal));
  } catch {
    return {};
  }
}

async function writeTo(socket: Duplex, data: string | Uint8Array, isOpen: boolean): Promise<void> {
  const closed = (cause?: unknown): TauError =>
    new TauError(
      "environment.failed",
      "Writing to the process failed: the process, or its input, has ended.",
      { cause },
    );
  if (!isOpen || !socket.writable) throw closed();
  await new Promise<void>((resolve, reject) => {
    socket.write(data, (error) => {
      if (error) reject(closed(error));
      else resolve();
    });
  });
}

/** Nobody waits for it: a process that has ended has no size. */
function resize(engine: ContainerEngine, id: string, size: TerminalSize): void {
  const { rows, columns } = checkedSize(size);
  const query = { h: rows, w: columns };
  engine
    .ask({ method: "POST", path: `/exec/${id}/resize`, query }, AbortSignal.timeout(engineLimitMs))
    .catch(() => undefined);
}

const largest = 1000;

/** Throws `environment.failed` for an impossible size. */
export function checkedSize(size: TerminalSize): TerminalSize {
  const isFine = [size.rows, size.columns].every(
    (value) => Number.isInteger(value) && value >= 1 && value <= largest,
  );
  if (isFine) return size;
  throw new TauError(
    "environment.failed",
    `Setting the terminal's size failed: rows and columns are whole numbers from 1 to ${largest}.`,
  );
}
