import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { promisify } from "node:util";

const run = promisify(execFile);

/** A process that serves until it is disposed of. */
export interface Service extends AsyncDisposable {
  readonly port: number;
  readonly baseUrl: string;
  /** Sends a line and reads the line that answers it, as JSON. */
  ask<T>(line: string): Promise<T>;
}

/**
 * Starts a script that serves on loopback: its first line of output is its port, and it ends when its input
 * does. So it ends with us, however we end.
 */
export async function startService(script: URL, args: readonly string[] = []): Promise<Service> {
  const nodeOptions = ["--conditions=@tau/source", "--expose-gc"];
  const child = spawn(process.execPath, [...nodeOptions, script.pathname, ...args], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const ended = once(child, "exit");
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const next = async (): Promise<string> => {
    const line = await lines.next();
    if (line.done === true) throw new Error(`${script.pathname} ended.`);
    return line.value;
  };
  const port = Number(await next());
  return {
    port,
    baseUrl: `http://127.0.0.1:${port}`,
    async ask(line) {
      child.stdin.write(`${line}\n`);
      return JSON.parse(await next());
    },
    async [Symbol.asyncDispose]() {
      child.stdin.end();
      await ended;
    },
  };
}

/** Runs a script in a process of its own and reads what it printed last, as JSON. */
export async function runScript<T>(
  script: URL,
  args: readonly string[] = [],
  nodeOptions: readonly string[] = ["--conditions=@tau/source", "--expose-gc"],
): Promise<T> {
  const { stdout } = await run(process.execPath, [...nodeOptions, script.pathname, ...args], {
    maxBuffer: 16 * 2 ** 20,
  });
  return JSON.parse(stdout.trim().split("\n").at(-1) ?? "");
}
