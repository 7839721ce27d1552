import { existsSync, readlinkSync } from "node:fs";
import { isAbsolute } from "node:path";
import type { Readable, Writable } from "node:stream";

import { exitCodes } from "./exit-codes.ts";

/** What a command talks to: the real terminal, or a test's buffers. */
export interface Terminal {
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stdout: Writable & { readonly isTTY?: boolean; readonly columns?: number };
  readonly stderr: Writable & { readonly isTTY?: boolean };
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Absolute. */
  readonly cwd: string;
  /** Calls `handler` at every Ctrl-C; answers how to stop that. */
  onInterrupt(handler: () => void): () => void;
  /**
   * Calls `handler` with an exit code when the command should go and leave no trace: it was told to, its
   * terminal was closed, or its output goes nowhere any more. Without a handler the process ends at once.
   */
  onLeave(handler: (exitCode: number) => void): () => void;
  /** Ends the process now. */
  quit(exitCode: number): void;
}

/** The terminal of this process. */
export function processTerminal(): Terminal {
  const { stdin, stdout, stderr, env } = process;
  const leaving = new Set<(exitCode: number) => void>();
  const leave = (exitCode: number): void => {
    if (leaving.size === 0) process.exit(exitCode);
    for (const handler of leaving) handler(exitCode);
  };
  // `tau … | head` is not an error, a full disk is; what is written afterwards goes nowhere.
  let isSaid = false;
  stdout.on("error", (error: NodeJS.ErrnoException) => {
    const isClosed = error.code === "EPIPE";
    if (!isClosed && !isSaid) stderr.write(`tau: The output cannot be written: ${error.message}\n`);
    isSaid = true;
    leave(isClosed ? exitCodes.outputClosed : exitCodes.failed);
  });
  stderr.on("error", () => undefined);
  process.on("SIGTERM", () => leave(exitCodes.terminated));
  process.on("SIGHUP", () => leave(exitCodes.hungUp));
  return {
    stdin,
    stdout,
    stderr,
    env,
    cwd: workingFolder(),
    onInterrupt(handler) {
      process.on("SIGINT", handler);
      return () => process.off("SIGINT", handler);
    },
    onLeave(handler) {
      leaving.add(handler);
      return () => leaving.delete(handler);
    },
    quit: (exitCode) => process.exit(exitCode),
  };
}

/**
 * Where the command was called; of a folder that is gone a name that leads nowhere: whoever works there must not come to work
 * in another one, as the new one of that name.
 */
function workingFolder(): string {
  try {
    return process.cwd();
  } catch {
    const names = namesOfGoneFolder();
    // Threads and libraries stop where there is none.
    process.chdir("/");
    return names.find((name) => isAbsolute(name) && !existsSync(name)) ?? "/dev/null/gone";
  }
}

/** What the kernel calls it, and the shell that stands in it; the latter may be stale, or of another process. */
function namesOfGoneFolder(): readonly string[] {
  const names = [process.env["PWD"] ?? ""];
  try {
    const link = readlinkSync("/proc/self/cwd");
    names.unshift(link.replace(/ \(deleted\)$/u, ""), link);
  } catch {
    // Not every system has that.
  }
  return names;
}

/** Whether there is a person who can be asked. */
export function isInteractive({ stdin, stdout, env }: Terminal): boolean {
  return stdin.isTTY === true && stdout.isTTY === true && (env["CI"] ?? "") === "";
}

/** Writes a line to standard output. */
export function writeLine({ stdout }: Pick<Terminal, "stdout">, line: string): void {
  stdout.write(`${line}\n`);
}
