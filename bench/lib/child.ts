import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { promisify } from "node:util";

const run = promisify(execFile);

/** A process that does what it is asked until it is disposed of. */
export interface WorkerProcess extends AsyncDisposable {
  readonly pid: number;
  /** Reads the next line that it prints, as JSON. */
  hear<T>(): Promise<T>;
  /** Sends a line and reads the line that answers it. */
  ask<T>(line: string): Promise<T>;
}

/** A process that serves until it is disposed of. */
export interface Service extends WorkerProcess {
  readonly port: number;
  readonly baseUrl: string;
}

const usualNodeOptions = ["--conditions=@tau/source", "--expose-gc"];

/** Starts a script that answers lines with lines, and ends when its input does. So it ends with us, however we end. */
export function startWorker(
  script: URL,
  args: readonly string[] = [],
  nodeOptions: readonly string[] = usualNodeOptions,
): WorkerProcess {
  const child = spawn(process.execPath, [...nodeOptions, script.pathname, ...args], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const ended = once(child, "exit");
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const hear = async <T>(): Promise<T> => {
    const line = await lines.next();
    if (line.done === true) throw new Error(`${script.pathname} ended.`);
    return JSON.parse(line.value);
  };
  return {
    pid: child.pid ?? 0,
    hear,
    async ask(line) {
      child.stdin.write(`${line}\n`);
      return await hear();
    },
    async [Symbol.asyncDispose]() {
      child.stdin.end();
      await ended;
    },
  };
}

/** Starts a script that serves on loopback: the first line that it prints is its port. */
export async function startService(script: URL, args: readonly string[] = []): Promise<Service> {
  const worker = startWorker(script, args);
  const port = await worker.hear<number>();
  return { ...worker, port, baseUrl: `http://127.0.0.1:${port}` };
}

/** Runs a script in a process of its own and reads what it printed last, as JSON. */
export async function runScript<T>(
  script: URL,
  args: readonly string[] = [],
  nodeOptions: readonly string[] = usualNodeOptions,
): Promise<T> {
  const { stdout } = await run(process.execPath, [...nodeOptions, script.pathname, ...args], {
    maxBuffer: 16 * 2 ** 20,
  });
  return JSON.parse(stdout.trim().split("\n").at(-1) ?? "");
}
