import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { chown, mkdir, mkdtemp, readFile, realpath, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { dirname, join } from "node:path";

/** What the probes try to reach, made for one self-test beside the workspace that is to be confined. */
export interface ProbeFixture extends AsyncDisposable {
  readonly workspace: string;
  readonly outside: string;
  readonly socket: string;
  readonly port: number;
  readonly token: string;
  /** The two halves of a secret: whole, it is only in what must stay hidden. */
  readonly halves: readonly [string, string];
  /** What this process itself saw happen, whatever the probes reported. */
  findings(): Promise<readonly string[]>;
}

const untouched = "[core]\n";

/**
 * Makes a {@link ProbeFixture}. It lies where the workspace does, so that the engine sees it as it will see that, and
 * belongs to the same user.
 */
export async function createProbeFixture(parent: string, owner: string): Promise<ProbeFixture> {
  const base = await realpath(await mkdtemp(join(parent, "tau-self-test-")));
  const path = (name: string): string => join(base, name);
  const halves = [randomBytes(8).toString("hex"), randomBytes(8).toString("hex")] as const;
  const token = randomBytes(8).toString("hex");
  const folders = ["workspace", "workspace/.git", "workspace/.git/hooks", "workspace/mountpoint", "outside"];
  for (const folder of folders) await mkdir(path(folder));
  await writeFile(path("workspace/token"), `${token}\n`);
  await writeFile(path("workspace/.git/config"), untouched);
  await writeFile(path("workspace/.env"), `KEY=${halves.join("-")}\n`);
  const { uid, gid } = await stat(owner);
  const files = ["workspace/token", "workspace/.git/config", "workspace/.env"];
  if (process.getuid?.() === 0) for (const name of [...folders, ...files]) await chown(path(name), uid, gid);
  const tcp = await listen(0);
  const unix = await listen(path("outside/socket"));

  return {
    workspace: path("workspace"),
    outside: path("outside"),
    socket: path("outside/socket"),
    port: tcp.port,
    token,
    halves,
    async findings() {
      const config = await readFile(path("workspace/.git/config"), "utf8").catch(() => undefined);
      const found: Readonly<Record<string, boolean>> = {
        network: tcp.visits() > 0,
        engine_socket: unix.visits() > 0,
        write_outside: existsSync(path("outside/written")),
        protected_path: config !== untouched || existsSync(path("workspace/.git/hooks/post-checkout")),
        protected_new: existsSync(path("workspace/.tau")),
        read_only_workspace: existsSync(path("workspace/written")),
      };
      return Object.keys(found).filter((name) => found[name]);
    },
    async [Symbol.asyncDispose]() {
      await tcp.close();
      await unix.close();
      await rm(base, { recursive: true, force: true });
    },
  };
}

/** A folder beside the workspace that this user can write; its parent belongs to root at times. */
export function probeParent(workspace: string, fallback: string): readonly string[] {
  return [dirname(workspace), fallback];
}

interface Listener {
  readonly port: number;
  visits(): number;
  close(): Promise<void>;
}

async function listen(place: number | string): Promise<Listener> {
  let visits = 0;
  const server = createServer((socket) => {
    visits++;
    socket.destroy();
  });
  server.listen(typeof place === "number" ? { port: place, host: "127.0.0.1" } : { path: place });
  await once(server, "listening");
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : 0,
    visits: () => visits,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
