import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";

import { killMarkedProcesses, killQuietly, markerVariable, runProcess } from "@tau/tools";
import type { ProcessControl } from "@tau/tools";

import { LineSplitter } from "./line-splitter.ts";
import type { CliLimits } from "./options.ts";

/** Bytes of the end of the error output that are kept. */
const errorTailBytes = 8192;

/** A command, ready to be started. */
export interface CliCommand {
  /** An absolute path. */
  readonly program: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly stdin: string;
}

/** How a command ended. */
export interface CliExit {
  /** 128 + the number of the signal that ended it. */
  readonly exitCode: number;
  /** The end of what it wrote to its error output. */
  readonly errorOutput: string;
}

/** Thrown by {@link CliProcess.next}: nothing came for too long, or too much. */
export class CliLimitError extends Error {
  readonly limit: "start" | "idle" | "output";

  constructor(limit: CliLimitError["limit"]) {
    super(`The command went past its limit: ${limit}.`);
    this.limit = limit;
  }
}

/** A running command: its lines are pulled, then it is closed. */
export class CliProcess {
  readonly #signal: AbortSignal;
  readonly #limits: CliLimits;
  readonly #stop = new AbortController();
  readonly #splitter: LineSplitter;
  readonly #ended: Promise<void>;
  #outputBytes = 0;
  #spoke = false;
  #errorTail = Buffer.alloc(0);
  #exitCode: number | undefined;
  #failure: { readonly error: unknown } | undefined;
  #wake: () => void = () => undefined;

  private constructor(command: CliCommand, limits: CliLimits, signal: AbortSignal) {
    this.#limits = limits;
    this.#signal = signal;
    this.#splitter = new LineSplitter(limits.maxLineBytes ?? 16 * 1024 * 1024);
    const onOutput = (chunk: Uint8Array, name: "stdout" | "stderr"): void => this.#take(chunk, name);
    const request = { stdin: command.stdin, timeoutMs: Number.POSITIVE_INFINITY, onOutput };
    this.#ended = runProcess(controlOf(command, limits), request, this.#stop.signal)
      .then(({ exitCode }) => {
        this.#splitter.end();
        this.#exitCode = exitCode;
      })
      .catch((error: unknown) => {
        this.#failure = { error };
      })
      .then(() => this.#wake());
  }

  /** Starts the command in a process group of its own, with a umask of 0077. */
  static start(command: CliCommand, limits: CliLimits, signal: AbortSignal): CliProcess {
    return new CliProcess(command, limits, signal);
  }

  /**
   * Waits for whole lines; undefined once there are no more.
   *
   * @throws CliLimitError, the reason of the signal, or what kept the command from starting
   */
  async next(): Promise<readonly string[] | undefined> {
    for (;;) {
      this.#signal.throwIfAborted();
      const lines = this.#splitter.take();
      if (lines.length > 0) return lines;
      if (this.#failure !== undefined) throw this.#failure.error;
      if (this.#exitCode !== undefined) return undefined;
      await this.#wait();
    }
  }

  /** How it ended; known once {@link next} gave undefined. */
  get exit(): CliExit {
    return { exitCode: this.#exitCode ?? 0, errorOutput: this.#errorTail.toString("utf8") };
  }

  /**
   * Ends the command: interrupts its process group and kills what is left of it after `stopMs`. One that has
   * said everything may first end by itself, within the same time. Settles when nothing of it is alive.
   */
  async close(saidAll: boolean): Promise<void> {
    const timer = setTimeout(() => this.#stop.abort(), saidAll ? (this.#limits.stopMs ?? 3000) : 0);
    if (!saidAll) this.#stop.abort();
    await this.#ended;
    clearTimeout(timer);
  }

  #take(chunk: Uint8Array, name: "stdout" | "stderr"): void {
    const bytes = Buffer.from(chunk);
    if (name === "stderr") {
      this.#errorTail = Buffer.concat([this.#errorTail, bytes]).subarray(-errorTailBytes);
      return;
    }
    this.#outputBytes += bytes.length;
    if (this.#outputBytes > (this.#limits.maxOutputBytes ?? 64 * 1024 * 1024))
      throw new CliLimitError("output");
    this.#splitter.push(bytes);
    this.#spoke = true;
    this.#wake();
  }

  /** Until something happens; not longer than the limit for it. */
  async #wait(): Promise<void> {
    const limit = this.#spoke ? "idle" : "start";
    const limitMs = this.#spoke ? (this.#limits.idleMs ?? 300_000) : (this.#limits.startMs ?? 60_000);
    let timer: NodeJS.Timeout | undefined;
    let onAbort: (() => void) | undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        this.#wake = resolve;
        onAbort = resolve;
        this.#signal.addEventListener("abort", onAbort, { once: true });
        if (limitMs > 0) timer = setTimeout(() => reject(new CliLimitError(limit)), limitMs);
      });
    } finally {
      clearTimeout(timer);
      if (onAbort !== undefined) this.#signal.removeEventListener("abort", onAbort);
    }
  }
}

function controlOf({ program, args, env, cwd }: CliCommand, { stopMs = 3000 }: CliLimits): ProcessControl {
  const marker = randomUUID();
  const since = performance.now();
  return {
    politeMs: stopMs,
    spawn: (stdio) =>
      // The shell only sets the umask, which a process has for all of its threads.
      spawn("/bin/sh", ["-c", 'umask 077; exec "$0" "$@"', program, ...args], {
        cwd,
        env: { ...env, [markerVariable]: marker },
        stdio: [...stdio],
        detached: true,
      }),
    terminate: ({ pid }) => {
      if (pid !== undefined) killQuietly(-pid, "SIGINT");
    },
    kill: async ({ pid }) => {
      if (pid !== undefined) killQuietly(-pid, "SIGKILL");
      // Nothing of it is older than itself: the variables of other processes are nobody's business.
      await killMarkedProcesses(marker, pid === undefined ? undefined : { pid, since });
    },
  };
}
