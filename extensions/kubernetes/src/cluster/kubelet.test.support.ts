import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { constants, tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";

import type { JsonObject } from "@tau/core";
import type { WebSocket } from "ws";

import { fieldOf, objectsOf, textOf } from "../client/kube-fields.ts";

/** Runs the containers of a pod: each has a PID namespace, a network and mounts of its own, as a container has. */
export interface Kubelet {
  /** Starts the containers; the pod is ready when it settles. */
  start(pod: JsonObject, settings: { readonly network: boolean }): Promise<void>;
  /** Runs a program in a container and talks over the exec channels. Like the real one, it does not end it when the connection ends. */
  exec(socket: WebSocket, pod: string, query: URLSearchParams): void;
  stop(pod: string): Promise<void>;
  close(): Promise<void>;
}

interface Container {
  readonly child: ChildProcess;
  /** The first process of the container, as this machine numbers it. */
  readonly pid: number;
  readonly env: Readonly<Record<string, string>>;
}

/** Where the volumes of claims are: the folder of this machine that a claim's root is. */
export type ClaimFolders = Readonly<Record<string, string>>;

/** Makes a {@link Kubelet} whose images are all this machine's own programs. */
export function createKubelet(claims: ClaimFolders): Kubelet {
  const base = mkdtempSync(join(tmpdir(), "tau-kubelet-"));
  const running = new Map<string, Map<string, Container>>();

  const stop = async (name: string): Promise<void> => {
    const containers = running.get(name);
    running.delete(name);
    for (const { child } of containers?.values() ?? []) {
      child.kill("SIGKILL"); // the whole namespace dies with its parent
      if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
    }
    rmSync(join(base, name), { recursive: true, force: true });
  };

  return {
    async start(pod, { network }) {
      const name = textOf(pod, "metadata", "name");
      const containers = new Map<string, Container>();
      running.set(name, containers);
      for (const container of objectsOf(pod, "spec", "containers")) {
        const mounts = mountsOf({ pod, container, claims, folder: join(base, name) });
        containers.set(textOf(container, "name"), await startContainer(container, mounts, network));
      }
    },
    exec(socket, name, query) {
      const container = running.get(name)?.get(query.get("container") ?? "");
      if (container === undefined) socket.close(1011, "no such container");
      else runIn(container, socket, query);
    },
    stop,
    async close() {
      for (const name of running.keys()) await stop(name);
      rmSync(base, { recursive: true, force: true });
    },
  };
}

interface Mounting {
  readonly pod: JsonObject;
  readonly container: JsonObject;
  readonly claims: ClaimFolders;
  readonly folder: string;
}

/** Arguments of bubblewrap for the volumes of a container. */
function mountsOf({ pod, container, claims, folder }: Mounting): readonly string[] {
  const volumes = objectsOf(pod, "spec", "volumes");
  const sorted = [...objectsOf(container, "volumeMounts")].sort(
    (left, right) => textOf(left, "mountPath").length - textOf(right, "mountPath").length,
  );
  return sorted.flatMap((mount) => {
    const name = textOf(mount, "name");
    const claim = textOf(
      volumes.find((one) => one["name"] === name),
      "persistentVolumeClaim",
      "claimName",
    );
    const source =
      claim === "" ? join(folder, name) : join(claims[claim] ?? "/no-claim", textOf(mount, "subPath"));
    if (claim === "") mkdirSync(source, { recursive: true });
    return [mount["readOnly"] === true ? "--ro-bind" : "--bind", source, textOf(mount, "mountPath")];
  });
}

async function startContainer(
  container: JsonObject,
  mounts: readonly string[],
  network: boolean,
): Promise<Container> {
  const writable = fieldOf(container, "securityContext", "readOnlyRootFilesystem") !== true;
  const command = fieldOf(container, "command");
  const words: readonly unknown[] = Array.isArray(command) ? command : [];
  const env = Object.fromEntries(
    objectsOf(container, "env").map((one) => [textOf(one, "name"), textOf(one, "value")]),
  );
  const all = { PATH: "/usr/local/bin:/usr/bin:/bin", KUBERNETES_SERVICE_HOST: "10.0.0.1", ...env };
  const child = spawn(
    "bwrap",
    [
      "--unshare-user",
      "--unshare-pid",
      "--unshare-ipc",
      "--die-with-parent",
      "--as-pid-1",
      ...(network ? [] : ["--unshare-net"]),
      writable ? "--bind" : "--ro-bind",
      "/",
      "/",
      "--dev",
      "/dev",
      "--proc",
      "/proc",
      ...mounts,
      "--info-fd",
      "3",
      "sh",
      "-c",
      'echo started; exec "$@" >/dev/null',
      "-",
      ...words.map(String),
    ],
    { env: all, stdio: ["ignore", "pipe", "inherit", "pipe"] },
  );
  const info = child.stdio[3];
  if (info === null || info === undefined) throw new TypeError("bubblewrap has no information pipe.");
  if (child.stdout === null) throw new TypeError("bubblewrap has no output.");
  // The id is known before the container is set up; it runs once its first process says so.
  const [said] = await Promise.all([firstOf(info), firstOf(child.stdout)]);
  const [, pid = ""] = /"child-pid": (\d+)/u.exec(said) ?? [];
  return { child, pid: Number(pid), env: all };
}

async function firstOf(stream: NodeJS.EventEmitter): Promise<string> {
  const [said]: unknown[] = await once(stream, "data");
  return String(said);
}

// Gives the program pipes, as container runtimes do; Node's own streams are sockets, which cannot be opened by name.
const piped = 'exec "$@" < <(exec cat 2>/dev/null) > >(exec cat 2>/dev/null) 2> >(exec cat >&2)';
// A terminal as `script` makes it, whose sizes are read from descriptor 3 by a process outside of its session.
const resizer = 'while read -r rows columns; do stty -F "$0" rows "$rows" columns "$columns"; done';
const terminal = `terminal=$(tty); ( setsid sh -c '${resizer}' "$terminal" <&3 >/dev/null 2>&1 & ); exec 3<&-; exec `;

function runIn({ pid, env }: Container, socket: WebSocket, query: URLSearchParams): void {
  const entering = ["nsenter", "-t", String(pid), "-U", "-m", "-p", "-n", "-i", "--preserve-credentials"];
  const argv = [...entering, "--wdns=/", ...query.getAll("command")];
  const tty = query.get("tty") === "true";
  const [program, args] = tty
    ? ["script", ["-q", "-e", "-f", "-c", terminal + argv.map(quote).join(" "), "/dev/null"]]
    : ["bash", ["-c", piped, "-", ...argv]];
  const child = spawn(program, args, {
    env: { ...env, SHELL: "/bin/sh", SHLVL: "1" },
    stdio: ["pipe", "pipe", "pipe", "pipe"],
  });
  const send = (channel: number, data: Uint8Array): void => {
    if (socket.readyState === socket.OPEN) socket.send(Buffer.concat([Buffer.of(channel), data]));
  };
  child.stdout?.on("data", (chunk: Buffer) => send(1, chunk));
  child.stderr?.on("data", (chunk: Buffer) => send(2, chunk));
  child.stdin?.on("error", () => child.stdin?.destroy());
  if (query.get("stdin") !== "true") child.stdin?.end();
  socket.on("message", (data: Buffer) => hear(child, data));
  socket.on("close", () => child.stdin?.end());
  child.on("exit", () => child.stdio[3]?.destroy()); // or the process that reads sizes waits for more
  child.on("close", (code, signal) => {
    const exitCode = code ?? 128 + (signal === null ? 0 : constants.signals[signal]);
    send(3, Buffer.from(JSON.stringify(statusOf(exitCode))));
    socket.close(1000);
  });
}

function hear(child: ChildProcess, message: Buffer): void {
  const [channel] = message;
  const data = message.subarray(1);
  const { stdin } = child;
  if (channel === 0 && stdin?.writable === true) stdin.write(data);
  if (channel === 255 && data[0] === 0) stdin?.end();
  const sizes: unknown = child.stdio[3];
  if (channel === 4 && sizes instanceof Writable) {
    const size: { readonly Width: number; readonly Height: number } = JSON.parse(data.toString());
    sizes.write(`${size.Height} ${size.Width}\n`);
  }
}

function statusOf(exitCode: number): JsonObject {
  const shared = { kind: "Status", apiVersion: "v1", metadata: {} };
  if (exitCode === 0) return { ...shared, status: "Success" };
  return {
    ...shared,
    status: "Failure",
    message: `command terminated with non-zero exit code: exit status ${exitCode}`,
    reason: "NonZeroExitCode",
    details: { causes: [{ reason: "ExitCode", message: String(exitCode) }] },
  };
}

function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
