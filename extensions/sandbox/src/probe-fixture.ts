import { randomBytes } from "node:crypto";
import { constants, existsSync } from "node:fs";
import { access, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import type { Server } from "node:net";
import { createSocket } from "node:dgram";
import { createServer } from "node:net";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";

/** What the probes try to reach: files, folders and listeners made for one self-test. */
export interface ProbeFixture extends AsyncDisposable {
  readonly workspace: string;
  /** A folder that a command sees and may not write. */
  readonly outside: string;
  /** A folder that is masked. */
  readonly secrets: string;
  readonly socket: string;
  readonly port: number;
  readonly datagramPort: number;
  /** The two halves of a secret: whole, it is only in what must stay hidden. */
  readonly halves: readonly [string, string];
  /** What this process itself saw happen, whatever the probes reported. */
  findings(): Promise<readonly string[]>;
}

const untouched = "[core]\n";

/** Makes a {@link ProbeFixture} in a folder that is visible inside of a jail. */
export async function createProbeFixture(): Promise<ProbeFixture> {
  const base = await mkdtemp(join(await visibleFolder(), "tau-self-test-"));
  const halves = [randomBytes(8).toString("hex"), randomBytes(8).toString("hex")] as const;
  const path = (name: string): string => join(base, name);
  await fill(base, halves.join("-"));
  const tcp = await listen((server) => server.listen(0, "127.0.0.1"));
  const unix = await listen((server) => server.listen(path("socket")));
  const abstract = await listen((server) => server.listen(`\0tau-probe-${halves[0]}`));
  const datagrams = await listenForDatagrams();
  // Where a command would leave something if its /tmp and /dev/shm were the machine's.
  const shared = ["/tmp", "/dev/shm"].map((folder) => join(folder, `tau-probe-${halves[0]}`));

  return {
    workspace: path("workspace"),
    outside: path("outside"),
    secrets: path("secrets"),
    socket: path("socket"),
    port: tcp.port,
    datagramPort: datagrams.port,
    halves,
    async findings() {
      const config = await readFile(path("workspace/.git/config"), "utf8").catch(() => undefined);
      const [temporary = "", memory = ""] = shared;
      const found: Readonly<Record<string, boolean>> = {
        network: tcp.visits() > 0,
        network_datagram: datagrams.visits() > 0,
        unix_socket: unix.visits() > 0,
        abstract_socket: abstract.visits() > 0,
        write_outside: existsSync(path("outside/written")),
        remount: existsSync(path("outside/remounted")),
        outside_folder: existsSync(path("outside/made")),
        outside_removed: !existsSync(path("outside/keep")),
        outside_by_link: existsSync(path("outside/by-link")),
        outside_by_root_link: existsSync(path("outside/by-root")),
        outside_by_folder_link: existsSync(path("outside/by-folder")),
        temporary_file: existsSync(temporary),
        shared_memory: existsSync(memory),
        protected_path: config !== untouched,
        protected_new: existsSync(path("workspace/.tau")),
      };
      return Object.keys(found).filter((name) => found[name]);
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([tcp, unix, abstract, datagrams].map((listener) => listener.close()));
      for (const file of shared) await rm(file, { force: true });
      await rm(base, { recursive: true, force: true });
    },
  };
}

async function fill(base: string, secret: string): Promise<void> {
  for (const folder of ["outside", "secrets", "workspace/mountpoint", "workspace/.git/hooks"]) {
    await mkdir(join(base, folder), { recursive: true });
  }
  await writeFile(join(base, "outside/keep"), "");
  await writeFile(join(base, "secrets/key"), `${secret}\n`);
  await writeFile(join(base, "workspace/.env"), `KEY=${secret}\n`);
  await writeFile(join(base, "workspace/.git/config"), untouched);
}

/** Commands get their own /tmp, so a test of what lies outside needs another folder. */
async function visibleFolder(): Promise<string> {
  for (const folder of ["/var/tmp", homedir()]) {
    const writable = await access(folder, constants.W_OK).then(
      () => true,
      () => false,
    );
    if (writable) return folder;
  }
  return tmpdir();
}

interface Listener {
  readonly port: number;
  visits(): number;
  close(): Promise<void>;
}

async function listen(start: (server: Server) => void): Promise<Listener> {
  let visits = 0;
  const server = createServer((socket) => {
    visits++;
    socket.destroy();
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.once("listening", resolve);
    start(server);
  });
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : 0,
    visits: () => visits,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

async function listenForDatagrams(): Promise<Listener> {
  let visits = 0;
  const socket = createSocket("udp4", () => visits++);
  await new Promise<void>((resolve, reject) => {
    socket.once("error", reject);
    socket.bind(0, "127.0.0.1", resolve);
  });
  return {
    port: socket.address().port,
    visits: () => visits,
    close: () => new Promise((resolve) => socket.close(resolve)),
  };
}
