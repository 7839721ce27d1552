import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createConnection } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { expect, test } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Whether somebody listens at a port of this machine. */
async function listens(port: number): Promise<boolean> {
  const socket = createConnection({ host: "127.0.0.1", port });
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

test.each(["SIGTERM", "SIGINT", "SIGHUP"] as const)(
  "`npm start -- serve` that gets %s ends the server, and ends with it",
  async (signal) => {
    const home = await mkdtemp(join(tmpdir(), "tau-start-"));
    const model = ["--base-url", "http://127.0.0.1:1/v1", "--model", "none"];
    const args = ["start", "--ignore-scripts", "--", "serve", "--port", "0", "-e", "host", ...model];
    const child = spawn("npm", args, {
      cwd: root,
      env: {
        PATH: `${dirname(process.execPath)}:${process.env["PATH"] ?? ""}`,
        HOME: home,
        TAU_HOME: join(home, "tau"),
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const ended = once(child, "close");
    let said = "";
    for await (const chunk of child.stdout) {
      said += String(chunk);
      if (/Serving .*:\d+ /u.test(said)) break;
    }
    const port = Number(/Serving [^\n]*127\.0\.0\.1:(\d+)/u.exec(said)?.[1]);
    expect(await listens(port)).toBe(true);

    child.kill(signal);
    await ended;

    expect(await listens(port)).toBe(false);
    await rm(home, { recursive: true, force: true });
  },
);
