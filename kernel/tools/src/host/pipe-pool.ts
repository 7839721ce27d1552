import { execFile } from "node:child_process";
import { closeSync, constants, openSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

/** The two ends of a pipe, as descriptors. */
export interface Pipe {
  readonly read: number;
  readonly write: number;
}

/**
 * Makes real pipes for commands.
 *
 * Node connects its children by sockets, and Linux cannot open a socket by name: `echo x > /dev/stderr` fails
 * in a command that has one. Node cannot make pipes, so they are made as named ones, a batch at a time, opened
 * at both ends and unlinked at once.
 */
export interface PipePool extends Disposable {
  /** A pipe that the caller closes; undefined where pipes cannot be made. */
  take(): Promise<Pipe | undefined>;
}

const batch = 24;
/** With fewer than this, a new batch is begun, so that no command has to wait for it. */
const few = 6;

/** Makes a {@link PipePool}. It holds a few pipes open until it is disposed of. */
export function createPipePool(): PipePool {
  const spare: Pipe[] = [];
  let filling: Promise<void> | undefined;
  let usable = true;

  const fill = async (): Promise<void> => {
    try {
      const made = await makePipes();
      if (usable) spare.push(...made);
      else for (const pipe of made) closePipe(pipe);
    } catch {
      usable = false; // No `mkfifo`, or no folder for it: sockets do for most commands.
    } finally {
      filling = undefined;
    }
  };

  const take = async (): Promise<Pipe | undefined> => {
    if (usable && spare.length === 0) await (filling ??= fill());
    const pipe = spare.pop();
    if (usable && spare.length < few) filling ??= fill();
    return pipe ?? (usable ? take() : undefined); // others may have emptied the batch meanwhile
  };

  return {
    take,
    [Symbol.dispose]() {
      usable = false;
      for (const pipe of spare.splice(0)) closePipe(pipe);
    },
  };
}

/** Closes both ends. */
export function closePipe(pipe: Pipe): void {
  closeSync(pipe.read);
  closeSync(pipe.write);
}

async function makePipes(): Promise<readonly Pipe[]> {
  const folder = await mkdtemp(join(tmpdir(), "tau-pipes-"));
  try {
    const paths = Array.from({ length: batch }, (_, index) => join(folder, String(index)));
    await promisify(execFile)("mkfifo", ["-m", "600", ...paths]);
    return paths.map((path) => ({
      // Without O_NONBLOCK, opening would wait for the other end. The command's end must block as usual.
      read: openSync(path, constants.O_RDONLY | constants.O_NONBLOCK),
      write: openSync(path, constants.O_WRONLY),
    }));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
