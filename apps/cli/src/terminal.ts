import type { Readable, Writable } from "node:stream";

/** What a command talks to: the real terminal, or a test's buffers. */
export interface Terminal {
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stdout: Writable & { readonly isTTY?: boolean };
  readonly stderr: Writable & { readonly isTTY?: boolean };
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Absolute. */
  readonly cwd: string;
  /** Calls `handler` at every Ctrl-C; answers how to stop that. */
  onInterrupt(handler: () => void): () => void;
}

/** The terminal of this process. */
export function processTerminal(): Terminal {
  const { stdin, stdout, stderr, env } = process;
  return {
    stdin,
    stdout,
    stderr,
    env,
    cwd: process.cwd(),
    onInterrupt(handler) {
      process.on("SIGINT", handler);
      return () => process.off("SIGINT", handler);
    },
  };
}

/** Whether there is a person who can be asked. */
export function isInteractive({ stdin, stdout, env }: Terminal): boolean {
  return stdin.isTTY === true && stdout.isTTY === true && env["CI"] === undefined;
}

/** Writes a line to standard output. */
export function writeLine({ stdout }: Terminal, line: string): void {
  stdout.write(`${line}\n`);
}
