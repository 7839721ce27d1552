import { execFile, spawn } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Portkey's gateway, running. */
export interface Portkey extends AsyncDisposable {
  readonly origin: string;
  readonly pid: number;
}

/** What Portkey's own image, `node:20-alpine`, runs it on; the package that has it for this machine. */
const imageNode = { name: `node-${process.platform}-${process.arch}`, version: "20.20.2" };

/** Which Node runs the gateway: that of Portkey's image, or the one that runs this. */
export type PortkeyNode = "image" | "own";

/**
 * Installs Portkey's gateway into a folder of the system's temporary ones and starts it. With the newest
 * `@hono/node-server` it cannot stream, so an older one is forced.
 */
export async function startPortkey(node: PortkeyNode): Promise<Portkey> {
  const folder = join(tmpdir(), "tau-bench-peers", "portkey");
  await mkdir(folder, { recursive: true });
  const manifest = {
    name: "peer-portkey",
    private: true,
    dependencies: { "@portkey-ai/gateway": "1.15.2", [imageNode.name]: imageNode.version },
    overrides: { "@hono/node-server": "1.13.8" },
  };
  await writeFile(join(folder, "package.json"), JSON.stringify(manifest));
  const env = { ...process.env, PATH: `${dirname(process.execPath)}:${process.env["PATH"] ?? ""}` };
  await run("npm", ["install", "--ignore-scripts", "--no-audit", "--no-fund"], { cwd: folder, env });
  const port = await freePort();
  const entry = join(folder, "node_modules/@portkey-ai/gateway/build/start-server.js");
  const program =
    node === "own" ? process.execPath : join(folder, "node_modules", imageNode.name, "bin/node");
  const child = spawn(program, [entry, `--port=${port}`, "--headless"], { stdio: "ignore", env });
  const origin = `http://127.0.0.1:${port}`;
  await answers(origin);
  return {
    origin,
    pid: child.pid ?? 0,
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address !== null ? address.port : 0;
}

async function answers(origin: string): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    try {
      await fetch(origin);
      return;
    } catch {
      await pause(100);
    }
  }
  throw new Error("The gateway does not answer.");
}
