import { spawn } from "node:child_process";
import { once } from "node:events";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";

const preload = new URL("preload.mjs", import.meta.url).href;

/** CPU of a whole Node process from its first instruction to its end, in ms; throws when it fails. */
export async function processCpuMs(args: readonly string[], cwd: string): Promise<number> {
  const child = spawn(process.execPath, ["--import", preload, ...args], {
    cwd,
    env: { ...process.env, NODE_OPTIONS: "", NODE_COMPILE_CACHE: "" },
    stdio: ["ignore", "ignore", "inherit", "pipe"],
  });
  const ended = once(child, "exit");
  const pipe = child.stdio[3];
  if (!(pipe instanceof Readable)) throw new Error("The process has no pipe to report through.");
  const report = await text(pipe);
  const [code]: unknown[] = await ended;
  if (code !== 0) throw new Error(`node ${args.join(" ")} ended with ${String(code)}.`);
  return Number(report);
}
