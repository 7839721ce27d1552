import { randomUUID } from "node:crypto";
import { isAbsolute } from "node:path/posix";
import { setTimeout as delay } from "node:timers/promises";

import type { ExecResult, RunningProcess, StartRequest } from "@tau/tools";
import { hasInput, markerVariable } from "@tau/tools";

import type { ExecChannel } from "../client/exec-channel.ts";
import type { KubeClient } from "../client/kube-client.ts";
import { failed, missing } from "./pod-errors.ts";
import { jobText, terminalWords } from "./pod-job.ts";
import { scratchPath } from "./pod-manifest.ts";
import { killScript, runScript, stageScript } from "./pod-scripts.ts";
import type { PodShell } from "./pod-shell.ts";

/** Where and how processes of an environment are started. */
export interface PodPlace {
  readonly client: KubeClient;
  readonly namespace: string;
  readonly pod: string;
  readonly shell: PodShell;
  readonly workspace: string;
  readonly env: Readonly<Record<string, string>>;
  /** The container for a command: the one whose workspace is read-only, or the other. */
  containerFor(request: StartRequest): string;
}

/** A {@link RunningProcess} that can be ended without waiting. */
export interface PodProcess extends RunningProcess {
  /** Begins to end the process; false when it has ended already. */
  end(): boolean;
}

const killRounds = 20;
const roundMs = 250;
/** The exit code of what was killed and did not live to tell. */
const killed = 137;
const askedToEnd = new Error("The process was asked to end.");

/** Starts one process in the pod, and watches over it and everything that it starts. Throws `environment.failed`. */
export async function startPodProcess(
  place: PodPlace,
  request: StartRequest,
  signal: AbortSignal,
): Promise<PodProcess> {
  signal.throwIfAborted();
  const startedAt = performance.now();
  const begun = await begin(place, request, signal);
  const { channel, stop } = begun;
  let running = true;

  const watch = async (): Promise<ExecResult> => {
    const onAbort = (): void => stop.abort(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) onAbort();
    const killing = whenAborted(stop.signal).then(() => killUntilEnded(place, begun));
    try {
      const exitCode = await channel.done.catch((error: unknown) => lost(place, begun, error));
      running = false;
      if (stop.signal.aborted && stop.signal.reason !== askedToEnd) throw stop.signal.reason;
      if (exitCode > 128)
        await place.shell(killScript, { args: [begun.mark], container: begun.container }, never);
      return { exitCode, timedOut: false, durationMs: performance.now() - startedAt };
    } finally {
      running = false;
      signal.removeEventListener("abort", onAbort);
      if (stop.signal.aborted) await killing;
      channel.close();
    }
  };
  const exit = watch();
  exit.catch(() => undefined); // whoever started it may have left; then nobody misses the reason

  const end = (): boolean => {
    if (running) stop.abort(askedToEnd);
    return running;
  };
  return { exit, end, ...conversation(request, channel, { isRunning: () => running, end }) };
}

const never = new AbortController().signal;

interface Begun {
  readonly channel: ExecChannel;
  readonly container: string;
  readonly cwd: string;
  readonly mark: string;
  /** Aborts when the process is to be ended, with the reason. */
  readonly stop: AbortController;
}

async function begin(place: PodPlace, request: StartRequest, signal: AbortSignal): Promise<Begun> {
  const cwd = request.cwd ?? place.workspace;
  if (!isAbsolute(cwd)) throw failed(`Entering ${cwd}`, "the path is not absolute. Give an absolute path.");
  const [nonce, id] = [randomUUID(), randomUUID()];
  const mark = `${markerVariable}=${id}`;
  const withInput = hasInput(request);
  const env = {
    ...place.env,
    ...(request.pty === undefined ? {} : { TERM: "xterm-256color" }),
    ...request.env,
  };
  const job = Buffer.from(jobText({ nonce, mark, cwd, env, request, withInput }));
  const container = place.containerFor(request);
  const stop = new AbortController();
  const first = firstLine(request, { nonce, stop });
  const staged = `${scratchPath}/.tau-job-${id}`;
  const tty = request.pty !== undefined;
  if (tty) await place.shell(stageScript, { args: [staged], stdin: job, container }, signal);
  const channel = await place.client.exec(
    {
      namespace: place.namespace,
      pod: place.pod,
      container,
      command: [
        "/bin/sh",
        "-c",
        runScript,
        "tau",
        ...(tty ? ["file", staged] : ["input", String(job.length)]),
      ],
      stdin: true,
      tty,
      onOutput: first.onOutput,
    },
    signal,
  );
  const begun = { channel, container, cwd, mark, stop };
  try {
    if (!tty) await Promise.race([channel.write(job), channel.done]);
    const said = await unlessAborted(Promise.race([first.said, channel.done]), signal);
    if (typeof said === "number")
      throw failed("Starting the command", "the pod's shell ended before it began.");
    if (said !== "started") throw refusalOf(said, cwd);
    return begun;
  } catch (error) {
    if (signal.aborted) await killUntilEnded(place, begun);
    channel.close();
    signal.throwIfAborted();
    throw error;
  }
}

interface FirstLine {
  /** What the script says first: `started`, or why the command was not. */
  readonly said: Promise<string>;
  readonly onOutput: (chunk: Buffer, stream: "stdout" | "stderr") => void;
}

/** Keeps the script's first line back, and passes everything after it on. */
function firstLine(
  { onOutput, pty }: StartRequest,
  { nonce, stop }: Pick<Begun, "stop"> & { readonly nonce: string },
): FirstLine {
  const spoken = pty === undefined ? "stderr" : "stdout";
  const { promise, resolve } = Promise.withResolvers<string>();
  let head: Buffer | undefined = Buffer.alloc(0);
  let broken = false;
  const pass = (chunk: Buffer, stream: "stdout" | "stderr"): void => {
    if (broken || chunk.length === 0) return;
    try {
      onOutput?.(chunk, stream);
    } catch (error) {
      broken = true;
      stop.abort(error);
    }
  };
  return {
    said: promise,
    onOutput(chunk, stream) {
      if (head === undefined || stream !== spoken) return pass(chunk, stream);
      head = Buffer.concat([head, chunk]);
      const end = head.indexOf("\n");
      if (end < 0) return;
      const line = head.toString("utf8", 0, end).trim();
      const rest = head.subarray(end + 1);
      head = undefined;
      resolve(line.startsWith(`${nonce}:`) ? line.slice(nonce.length + 1) : "broken");
      pass(rest, stream);
    },
  };
}

/** Rejects when the signal aborts first. */
async function unlessAborted<Result>(promise: Promise<Result>, signal: AbortSignal): Promise<Result> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    signal.throwIfAborted();
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

function refusalOf(said: string, cwd: string): Error {
  if (said === "missing") return missing("Entering the folder", cwd);
  if (said === "folder") return failed(`Entering ${cwd}`, "it is not a folder, or may not be entered.");
  return failed(
    "Starting the command",
    "the program was not found in the pod or may not be run. Check the program's name, the PATH and the image.",
  );
}

function conversation(
  request: StartRequest,
  channel: ExecChannel,
  { isRunning, end }: { isRunning(): boolean; end(): boolean },
): Pick<RunningProcess, "write" | "closeInput" | "kill" | "resize"> {
  let open = hasInput(request);
  const tty = request.pty !== undefined;
  return {
    async write(data) {
      if (!open || !isRunning()) throw inputEnded();
      const bytes = typeof data === "string" ? Buffer.from(data) : data;
      try {
        await Promise.race([channel.write(bytes), channel.done]);
      } catch (error) {
        throw inputEnded(error);
      }
    },
    closeInput() {
      if (!open) return;
      if (tty) channel.write(Buffer.from("\u0004")).catch(() => undefined);
      else {
        open = false;
        channel.closeInput();
      }
    },
    ...(tty
      ? {
          resize(size) {
            terminalWords(size); // throws
            channel.resize(size);
          },
        }
      : {}),
    async kill() {
      end();
      await channel.done.catch(() => undefined);
    },
  };
}

function inputEnded(cause?: unknown): Error {
  return failed("Writing to the process", "the process, or its input, has ended.", cause);
}

/** The connection ended before the process did: nobody hears of it any more, so it is ended, too. */
async function lost(place: PodPlace, begun: Begun, error: unknown): Promise<number> {
  if (begun.stop.signal.aborted) return killed;
  await killOnce(place, begun);
  throw error;
}

/** A process that was only just being started has no mark yet: so it is looked for until the connection says that it ended. */
async function killUntilEnded(place: PodPlace, begun: Begun): Promise<void> {
  const ended = begun.channel.done.then(
    () => true,
    () => true,
  );
  for (let round = 0; round < killRounds; round++) {
    await killOnce(place, begun);
    if (await Promise.race([ended, delay(roundMs, false)])) return;
  }
  begun.channel.close();
}

async function killOnce(place: PodPlace, { mark, container }: Begun): Promise<void> {
  await place.shell(killScript, { args: [mark], container }, never).catch(() => undefined);
}

async function whenAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
