import type { ChildProcess } from "node:child_process";
import { execFile, spawn } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";

import type { EngineAddress } from "./engine/engine-address.ts";

const run = promisify(execFile);

/** A Podman of its own: its storage, its socket, and one image. */
export interface TestEngine extends AsyncDisposable {
  readonly address: EngineAddress;
  /** Id of an image with bash and the programs of busybox. */
  readonly image: string;
  /** Id of an image without any program. */
  emptyImage(): Promise<string>;
  /** Runs the command of Podman on the same storage. */
  podman(...args: readonly string[]): Promise<string>;
}

const programs = ["bash", "busybox"];
const applets =
  "sh cat cp env ls mkdir mknod mount mv printf pwd readlink rm seq setsid sleep stty tee touch tr true umount unshare wc head ln nohup kill ps id chmod grep";

/** Starts a Podman service. Needs root, Podman and busybox; throws with what Podman said when it does not work. */
export async function startPodman(): Promise<TestEngine> {
  const folder = mkdtempSync(join(tmpdir(), "tau-podman-"));
  const settings = writeSettings(folder);
  const socketPath = join(folder, "podman.sock");
  // In mounts of its own: a hybrid hierarchy of control groups is more than crun takes, and what is mounted ends with it.
  const inside = `umount /sys/fs/cgroup/unified 2>/dev/null; mount --bind ${settings} /etc/containers; exec "$@"`;
  const service = spawn(
    "unshare",
    ["--mount", "sh", "-c", inside, "sh", "podman", "system", "service", "--time=0", `unix://${socketPath}`],
    { stdio: ["ignore", "ignore", "pipe"], detached: true },
  );
  let complaint = "";
  service.stderr.on("data", (chunk) => (complaint = `${complaint}${String(chunk)}`.slice(-4000)));
  const podman = async (...args: readonly string[]): Promise<string> =>
    (await run("podman", ["--remote", "--url", `unix://${socketPath}`, ...args])).stdout.trim();
  try {
    await untilThere(socketPath, service);
    const image = await podman("import", await makeImage(folder), "tau-test:1");
    return {
      address: { socketPath },
      image: image.split("\n").at(-1) ?? "",
      podman,
      async emptyImage() {
        await run("tar", ["-C", join(folder, "image/etc"), "-cf", join(folder, "empty.tar"), "."]);
        return (await podman("import", join(folder, "empty.tar"))).split("\n").at(-1) ?? "";
      },
      async [Symbol.asyncDispose]() {
        await podman("rm", "--all", "--force", "--time=0");
        await end(service);
        endMonitors(folder);
        // What monitors start when they end may still write there for a moment.
        await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
      },
    };
  } catch (error) {
    await end(service);
    throw new Error(`Podman does not work here: ${complaint}`, { cause: error });
  }
}

/** Not by variables: the programs that Podman starts would not see them. Answers what goes in the place of /etc/containers. */
function writeSettings(folder: string): string {
  const at = (name: string): string => join(folder, name);
  const settings = at("etc");
  cpSync("/etc/containers", settings, { recursive: true, dereference: true });
  const storage = ["[storage]", 'driver="vfs"', `graphroot="${at("root")}"`, `runroot="${at("run")}"`];
  const containers = [
    "[containers]",
    'default_ulimits=["nofile=1024:1024","nproc=1024:1024"]',
    "[engine]",
    'cgroup_manager="cgroupfs"',
    'events_logger="file"',
    'lock_type="file"',
    "exit_command_delay=0",
    `tmp_dir="${at("tmp")}"`,
    `static_dir="${at("static")}"`,
    `volume_path="${at("volumes")}"`,
  ];
  writeFileSync(join(settings, "storage.conf"), `${storage.join("\n")}\n`);
  writeFileSync(join(settings, "containers.conf"), `${containers.join("\n")}\n`);
  return settings;
}

async function untilThere(socketPath: string, service: ChildProcess): Promise<void> {
  while (!existsSync(socketPath)) {
    if (service.exitCode !== null) throw new Error("The service ended.");
    await delay(20);
  }
}

/** A root folder of this machine's own programs: no registry is asked. */
async function makeImage(folder: string): Promise<string> {
  const root = join(folder, "image");
  for (const name of ["bin", "etc", "tmp", "usr", "var/tmp"])
    mkdirSync(join(root, name), { recursive: true });
  chmodSync(join(root, "tmp"), 0o1777);
  for (const program of programs) {
    copyFileSync(`/bin/${program}`, join(root, "bin", program));
    for (const library of await librariesOf(`/bin/${program}`)) {
      mkdirSync(join(root, dirname(library)), { recursive: true });
      if (!existsSync(join(root, library))) copyFileSync(library, join(root, library));
    }
  }
  for (const applet of applets.split(" ")) symlinkSync("busybox", join(root, "bin", applet));
  writeFileSync(join(root, "etc/passwd"), "root:x:0:0:root:/:/bin/sh\n");
  const tarball = join(folder, "image.tar");
  await run("tar", ["-C", root, "-cf", tarball, "."]);
  return tarball;
}

async function librariesOf(program: string): Promise<readonly string[]> {
  const { stdout } = await run("ldd", [program]).catch(() => ({ stdout: "" }));
  return [...stdout.matchAll(/(\/\S+)/gu)].map(([, path]) => path ?? "");
}

/** Monitors of commands outlive the service by minutes, and would make the folder anew in the end. */
function endMonitors(folder: string): void {
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/u.test(name))) {
    try {
      const [program, ...words] = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
      if (program === "/usr/bin/conmon" && words.some((word) => word.startsWith(`${folder}/`)))
        process.kill(Number(pid), "SIGKILL");
    } catch {
      // It has ended by itself.
    }
  }
}

async function end(service: ChildProcess): Promise<void> {
  if (service.exitCode !== null || service.signalCode !== null) return;
  const gone = new Promise((resolve) => service.once("exit", resolve));
  service.kill("SIGTERM");
  await gone;
}
