import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import type { Server, Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** A real Redis server on this machine, for one test file. */
export interface RedisServer extends AsyncDisposable {
  readonly url: string;
  /** Stops answering without closing connections, and goes on. */
  pause(): void;
  resume(): void;
}

/** Starts `redis-server` (Debian package redis-server) on a free port of the loopback interface. */
export async function startRedisServer(password = "test-secret"): Promise<RedisServer> {
  const folder = await mkdtemp(join(tmpdir(), "tau-redis-"));
  const port = await freePort();
  const child = spawn(
    "redis-server",
    ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder, "--requirepass", password],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  await ready(child);
  return {
    url: `redis://:${password}@127.0.0.1:${port}`,
    pause: () => child.kill("SIGSTOP"),
    resume: () => child.kill("SIGCONT"),
    async [Symbol.asyncDispose]() {
      child.kill("SIGCONT");
      child.kill("SIGTERM");
      if (child.exitCode === null) await once(child, "exit");
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A server that is none: its address, and how many connections it has. */
export interface MuteServer extends AsyncDisposable {
  readonly url: string;
  readonly connections: () => number;
}

/** Starts a server that agrees to every command, and says nothing to one that wants to listen. */
export async function startMuteServer(): Promise<MuteServer> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on("close", () => sockets.delete(socket)).on("error", () => undefined));
    socket.on("data", (data) => {
      const text = data.toString();
      if (/\r\nSUBSCRIBE\r\n/i.test(text)) return;
      for (const _ of text.matchAll(/^\*\d+\r$/gm)) socket.write("+OK\r\n");
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `redis://127.0.0.1:${portOf(server)}`,
    connections: () => sockets.size,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

async function ready(child: ChildProcess): Promise<void> {
  if (child.stdout === null) throw new Error("redis-server has no output.");
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.includes("Ready to accept connections")) {
      child.stdout.resume();
      return;
    }
  }
  throw new Error("redis-server ended before it was ready. Install it: apt install redis-server");
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const port = portOf(server);
  server.close();
  await once(server, "close");
  return port;
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}
