import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { createInterface } from "node:readline";
import { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";

import { isJsonObject, parseJson } from "@tau/core";

import { egressError } from "../egress-error.ts";
import type { HolderAnswer, HolderReady, HolderStart } from "./holder-messages.ts";
import { readHolderMessage } from "./holder-messages.ts";
import { systemProgram } from "./system-program.ts";

const startTimeoutMs = 20_000;
/** The holder as it lies beside this file: a source, or built. */
const program = fileURLToPath(
  new URL(`./holder${import.meta.url.endsWith(".ts") ? ".ts" : ".js"}`, import.meta.url),
);

/** What a holder needs, and whom it asks. */
export interface HolderOptions {
  readonly proxy: string;
  readonly ports: HolderStart["ports"];
  readonly places: HolderStart["places"];
  /** Absolute path of bubblewrap. Default: the system's. */
  readonly bwrapPath?: string;
  /** Whether a name may be reached. */
  readonly knows: (name: string) => boolean;
}

/** A network namespace with its holder. */
export interface Holder {
  /** Program and arguments that start another program in the namespace. */
  readonly prefix: readonly string[];
  /** Whether connections to raw addresses are told to the proxy; else they fail by themselves. */
  readonly everything: boolean;
  /** Whether the holder still runs. */
  alive(): boolean;
  /** Ends the holder; what is in the namespace then reaches nothing. */
  stop(): Promise<void>;
  /**
   * Lets go of the namespace. Only to be called when the prefix is not used any more: the descriptors that it names may
   * become another namespace's.
   */
  release(): void;
}

/** Starts a holder. @throws TauError `egress.unavailable` */
export async function startHolder(options: HolderOptions, signal: AbortSignal): Promise<Holder> {
  const bwrapPath = options.bwrapPath ?? systemProgram("bwrap");
  const nsenter = systemProgram("nsenter");
  if (bwrapPath === undefined)
    throw unavailable("bubblewrap is not installed. Install bubblewrap 0.8.0 or later.");
  if (nsenter === undefined) throw unavailable("the program nsenter is missing. Install util-linux.");
  const child = spawn(bwrapPath, [...holderArguments(), "--", process.execPath, program], {
    cwd: "/",
    env: { PATH: "/usr/bin:/bin" },
    stdio: ["pipe", "pipe", "pipe", "pipe"],
    detached: true,
  });
  const complaint = collect(child.stderr);
  // Numbers, not handles: a handle is closed when nobody refers to it, and the prefix does so by number.
  const descriptors: number[] = [];
  const stop = async (): Promise<void> => {
    child.kill("SIGKILL"); // whose process namespace ends with it
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  };
  const release = (): void => {
    for (const descriptor of descriptors.splice(0)) closeSync(descriptor);
  };
  const timely = AbortSignal.any([signal, AbortSignal.timeout(startTimeoutMs)]);
  try {
    await once(child, "spawn", { signal: timely });
    const over = once(child, "exit", { signal: timely }).then(() => undefined);
    const ready = converse(child, options, timely);
    ready.catch(() => undefined); // awaited below, unless something else fails before
    const pid = await Promise.race([firstProcess(child, timely), over]);
    if (pid === undefined) throw unavailable(`bubblewrap failed with "${await complaint}".`);
    const prefix = namespacePrefix(nsenter, pid, descriptors);
    const said = await Promise.race([ready, over]);
    if (said === undefined) throw unavailable(`its network could not be set up: ${await complaint}.`);
    const alive = (): boolean => child.exitCode === null && child.signalCode === null;
    return { prefix, everything: said.everything, alive, stop, release };
  } catch (error) {
    await stop();
    release();
    signal.throwIfAborted();
    throw error instanceof Error && error.name === "AbortError"
      ? unavailable("it did not start in time.")
      : error;
  }
}

/**
 * A network of its own, nothing that can be written, and two capabilities over that network: to listen on low ports, and
 * to take all addresses. No `--dev`: for ordinary users it would put the program into a second user namespace, which has no
 * say over the network of the first.
 */
function holderArguments(): readonly string[] {
  return [
    ["--unshare-user", "--unshare-net", "--unshare-pid", "--unshare-ipc", "--unshare-uts"],
    ["--die-with-parent", "--new-session", "--cap-drop", "ALL"],
    ["--cap-add", "CAP_NET_BIND_SERVICE", "--cap-add", "CAP_NET_ADMIN"],
    [
      "--ro-bind",
      "/",
      "/",
      "--dev-bind",
      "/dev/null",
      "/dev/null",
      "--dev-bind",
      "/dev/urandom",
      "/dev/urandom",
    ],
    ["--proc", "/proc", "--json-status-fd", "3"],
  ].flat();
}

/**
 * The namespaces are named by descriptors of this process, opened once: a process id could by then be another process's,
 * whose network leads everywhere.
 */
function namespacePrefix(nsenter: string, pid: number, descriptors: number[]): readonly string[] {
  const path = (kind: "net" | "user"): string => {
    const descriptor = openSync(`/proc/${pid}/ns/${kind}`, "r");
    descriptors.push(descriptor);
    return `/proc/${process.pid}/fd/${descriptor}`;
  };
  const net = `--net=${path("net")}`;
  if (process.getuid?.() === 0) return [nsenter, net, "--"];
  // Only who is in the user namespace that owns the network may enter it.
  return [nsenter, `--user=${path("user")}`, "--preserve-credentials", net, "--"];
}

/** Answers the holder's questions; settles when it is ready. */
async function converse(
  child: ChildProcess,
  options: HolderOptions,
  signal: AbortSignal,
): Promise<HolderReady> {
  const { stdin, stdout } = child;
  if (!(stdin instanceof Writable) || !(stdout instanceof Readable))
    throw new TypeError("The holder has no streams.");
  stdin.on("error", () => stdin.destroy()); // its exit tells
  const say = (message: HolderStart | HolderAnswer): void => {
    if (stdin.writable) stdin.write(`${JSON.stringify(message)}\n`);
  };
  const { proxy, ports, places } = options;
  say({ type: "start", proxy, ports, places, ip: systemProgram("ip") ?? null });
  return await new Promise((resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    createInterface({ input: stdout }).on("line", (line) => {
      const message = readHolderMessage(line);
      if (message?.type === "ready") resolve(message);
      if (message?.type === "ask")
        say({ type: "answer", id: message.id, known: options.knows(message.name) });
    });
  });
}

/** The process id, outside, of the first process inside. */
async function firstProcess(child: ChildProcess, signal: AbortSignal): Promise<number> {
  const status: unknown = child.stdio[3];
  if (!(status instanceof Readable)) throw new TypeError("The status of bubblewrap cannot be read.");
  return await new Promise((resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    createInterface({ input: status }).on("line", (line) => {
      const parsed = parseJson(line);
      const pid = parsed.ok && isJsonObject(parsed.value) ? parsed.value["child-pid"] : undefined;
      if (typeof pid === "number") resolve(pid);
    });
  });
}

async function collect(stream: unknown): Promise<string> {
  let text = "";
  if (!(stream instanceof Readable)) return text;
  for await (const chunk of stream) if (text.length < 2_000) text += String(chunk);
  return text.trim().split("\n").at(-1) ?? "";
}

function unavailable(why: string): ReturnType<typeof egressError> {
  return egressError(
    "egress.unavailable",
    `Named hosts cannot be opened to commands: ${why} Or set the network to true or to false.`,
  );
}
