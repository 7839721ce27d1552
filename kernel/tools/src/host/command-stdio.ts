import type { ChildProcess } from "node:child_process";
import { closeSync } from "node:fs";
import { Socket } from "node:net";
import type { Readable, Writable } from "node:stream";
import { finished } from "node:stream/promises";

import type { Pipe, PipePool } from "./pipe-pool.ts";
import { closePipe } from "./pipe-pool.ts";

/** What `spawn` gets for one standard stream. */
export type ChildStdio = "ignore" | "pipe" | number;

/** The three standard streams of a command that is to be started. */
export interface CommandStdio {
  /** For the command: standard input, output and error. */
  readonly child: readonly [ChildStdio, ChildStdio, ChildStdio];
  /** Takes this process's ends once the command runs. */
  connect(child: ChildProcess): CommandStreams;
  /** Closes everything when it could not be started. */
  abandon(): void;
}

/** This process's ends of a command's standard streams. */
export interface CommandStreams {
  readonly stdin: Writable | null;
  readonly stdout: Readable | null;
  readonly stderr: Readable | null;
  /** Settles when both outputs have ended. */
  readonly closed: Promise<unknown>;
  destroy(): void;
}

/** Prepares the streams: real pipes from `pool`, or what Node makes where there are none. */
export async function openStdio(pool: PipePool | undefined, withInput: boolean): Promise<CommandStdio> {
  const taken = [await pool?.take(), await pool?.take()] as const;
  const [output, errors] = taken;
  if (output === undefined || errors === undefined) {
    for (const pipe of taken) if (pipe !== undefined) closePipe(pipe);
    return nodeStdio(withInput);
  }
  return pipedStdio(output, errors, withInput);
}

function nodeStdio(withInput: boolean): CommandStdio {
  return {
    child: [withInput ? "pipe" : "ignore", "pipe", "pipe"],
    connect: (child) => streamsOf(child.stdin, child.stdout, child.stderr),
    abandon: () => undefined,
  };
}

function pipedStdio(output: Pipe, errors: Pipe, withInput: boolean): CommandStdio {
  return {
    child: [withInput ? "pipe" : "ignore", output.write, errors.write],
    connect(child) {
      // As long as this process holds a writing end, the output does not end.
      closeSync(output.write);
      closeSync(errors.write);
      return streamsOf(child.stdin, readerOf(output), readerOf(errors));
    },
    abandon() {
      closePipe(output);
      closePipe(errors);
    },
  };
}

function readerOf(pipe: Pipe): Readable {
  return new Socket({ fd: pipe.read, readable: true, writable: false });
}

function streamsOf(stdin: Writable | null, stdout: Readable | null, stderr: Readable | null): CommandStreams {
  const outputs = [stdout, stderr].filter((stream) => stream !== null);
  return {
    stdin,
    stdout,
    stderr,
    closed: Promise.all(outputs.map((stream) => finished(stream).catch(() => undefined))),
    destroy() {
      for (const stream of [stdin, stdout, stderr]) stream?.destroy();
    },
  };
}
