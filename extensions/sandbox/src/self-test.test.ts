import { spawnSync } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { describe, expect, it } from "vitest";

import type { JailVector } from "./bubblewrap-process.ts";
import { jailVector } from "./bubblewrap-process.ts";
import type { JailView } from "./jail-view.ts";
import type { EscapeName } from "./escape.ts";
import type { ProbeName } from "./probe.ts";
import { probes } from "./probe.ts";
import { fullSuite, probeJail, runEscapeSuite, runSandboxSelfTest } from "./self-test.ts";

const profile = { access: "workspace-write", network: false, workspace: process.cwd() } as const;
const allowEverything = Uint8Array.of(0x06, 0, 0, 0, 0, 0, 0xff, 0x7f); // BPF: return SECCOMP_RET_ALLOW
const isRoot = process.getuid?.() === 0;
const secretVariable = "TAU_WEAKENED_SECRET";

interface Weakness {
  readonly access?: "read-only";
  readonly weaken: (vector: JailVector) => JailVector;
  readonly view?: (view: JailView) => JailView;
  readonly escapes: readonly ProbeName[];
  /** What only the full suite tries. */
  readonly more?: readonly (EscapeName | `syscall_${string}`)[];
}

const weaknesses: Readonly<Record<string, Weakness>> = {
  "with capabilities": {
    weaken: (vector) => ({
      ...vector,
      arguments: replaced(
        without(vector.arguments, "--disable-userns"),
        ["--cap-drop", "ALL"],
        ["--cap-add", "ALL"],
      ),
      filter: allowEverything,
    }),
    // An ordinary user's capabilities do not survive the start of the command; root's do.
    escapes: isRoot ? ["capabilities", "mount", "remount", "mount_syscall"] : ["capabilities"],
    more: isRoot
      ? [
          "raw_socket",
          "packet_socket",
          "outside_mode",
          "syscall_fsopen",
          "syscall_reboot",
          "syscall_sethostname",
        ]
      : ["new_namespace"],
  },
  "without the seccomp filter": {
    weaken: (vector) => ({ ...vector, filter: allowEverything }),
    escapes: ["unix_socket", "ptrace", "process_memory", "io_uring", "keyring"],
    more: [
      "set_user_id",
      "vsock_socket",
      "netlink_socket",
      "syscall_process_vm_writev",
      "syscall_pidfd_getfd",
      "syscall_kcmp",
      "syscall_perf_event_open",
      "syscall_io_uring_enter",
      "syscall_io_uring_register",
      "syscall_add_key",
      "syscall_request_key",
      "syscall_umount2",
      "syscall_chroot",
      "syscall_open_tree",
      "syscall_fsconfig",
      "syscall_mount_setattr",
      "syscall_setns",
      "syscall_open_by_handle_at",
      "syscall_clock_settime",
    ],
  },
  "without any seccomp filter": {
    weaken: (vector) => ({ ...vector, arguments: replaced(vector.arguments, ["--seccomp", "4"], []) }),
    escapes: ["seccomp"],
  },
  "with user namespaces": {
    weaken: (vector) => ({
      ...vector,
      arguments: without(vector.arguments, "--disable-userns"),
      filter: allowEverything,
    }),
    // Mapping root needs a capability that root lacks in there, so bubblewrap itself fails for it.
    escapes: isRoot ? ["user_namespace"] : ["user_namespace", "nested_jail"],
  },
  "with the machine's network": {
    weaken: (vector) => ({ ...vector, arguments: without(vector.arguments, "--unshare-net") }),
    escapes: ["network"],
    more: ["network_interface", "network_datagram"],
  },
  "with the machine's processes": {
    weaken: (vector) => ({
      ...vector,
      arguments: without(without(vector.arguments, "--unshare-pid"), "--unshare-ipc"),
    }),
    escapes: ["process_namespace", "ipc_namespace"],
    more: process.pid > 500 ? ["host_process", "host_signal"] : [],
  },
  "with a writable root": {
    weaken: (vector) => ({
      ...vector,
      arguments: replaced(vector.arguments, ["--ro-bind", "/", "/"], ["--bind", "/", "/"]),
    }),
    escapes: ["write_outside"],
    more: [
      "outside_folder",
      "outside_removed",
      "outside_mode",
      "outside_times",
      "outside_by_link",
      "outside_by_root_link",
      "outside_by_folder_link",
    ],
  },
  "with a secret in bubblewrap's own variables": {
    weaken: (vector) => ({
      ...vector,
      arguments: ["--unsetenv", secretVariable, ...vector.arguments],
      variables: { ...vector.variables, [secretVariable]: secretIn(vector) },
    }),
    escapes: ["environment"],
  },
  "with the machine's temporary folders": {
    weaken: (vector) => ({
      ...vector,
      arguments: replaced(
        withMachinesDevices(vector.arguments).filter(
          (item, index, list) => item !== "--size" && list[index - 1] !== "--size",
        ),
        ["--tmpfs", "/tmp"],
        ["--bind", "/tmp", "/tmp"],
      ),
    }),
    escapes: [],
    more: ["temporary_file", "shared_memory"],
  },
  "without masks": {
    weaken: (vector) => vector,
    view: (view) => ({ ...view, maskedFiles: [], maskedFolders: [] }),
    escapes: ["masked_folder", "masked_file", "masked_by_root_link"],
    more: ["masked_by_link", "masked_by_hard_link", "masked_listed", "masked_moved", "masked_unmounted"],
  },
  "without protected paths": {
    weaken: (vector) => vector,
    view: (view) => ({ ...view, readOnly: [], pinned: [] }),
    escapes: ["protected_path", "protected_parent"],
  },
  "with a writable workspace under the read-only profile": {
    access: "read-only",
    weaken: (vector) => vector,
    view: (view) => ({ ...view, writable: true }),
    escapes: ["read_only_workspace"],
  },
  "with a writable /proc": {
    weaken: (vector) => ({
      ...vector,
      arguments: replaced(vector.arguments, ["--remount-ro", "/proc"], []),
    }),
    // Only root's user id may write there at all.
    escapes: isRoot ? ["kernel_settings"] : [],
  },
  "with the machine's devices": {
    weaken: (vector) => ({
      ...vector,
      arguments: withMachinesDevices(vector.arguments),
    }),
    escapes: isRoot ? ["devices"] : [],
  },
};

function without(list: readonly string[], item: string): readonly string[] {
  return list.filter((other) => other !== item);
}

/** Replaces the first place where `from` stands in a row. */
function replaced(
  list: readonly string[],
  from: readonly string[],
  to: readonly string[],
): readonly string[] {
  const at = list.findIndex((_, index) => from.every((item, offset) => list[index + offset] === item));
  if (at < 0) throw new TypeError(`The vector lacks ${from.join(" ")}.`);
  return [...list.slice(0, at), ...to, ...list.slice(at + from.length)];
}

function withMachinesDevices(list: readonly string[]): readonly string[] {
  const [from, to] = [list.indexOf("--dev"), list.indexOf("--proc")];
  return [...list.slice(0, from), "--dev-bind", "/dev", "/dev", ...list.slice(to)];
}

/** The secret of the running self-test, put together from the two halves that its script gets. */
function secretIn(vector: JailVector): string {
  const value = (name: string): string => vector.innerVariables[name] ?? "";
  return `${value("PROBE_HALF")}-${value("PROBE_OTHER_HALF")}`;
}

describe("the self-test", () => {
  it.each(["read-only", "workspace-write", "full"] as const)("holds the %s profile", async (access) => {
    const results = await runSandboxSelfTest({ profile: { ...profile, access } });
    expect(results.map((result) => result.name)).toEqual(Object.keys(probes));
    expect(results.filter((result) => result.outcome === "escaped")).toEqual([]);
  });

  it("leaves nothing out that this machine can try, and says why where a profile grants it", async () => {
    const reading = await runSandboxSelfTest({ profile: { ...profile, access: "read-only" } });
    expect(reading.filter((result) => result.outcome === "not_probed")).toEqual([]);
    const granted = await runSandboxSelfTest({ profile: { ...profile, network: true }, unixSockets: true });
    expect(granted.filter((result) => result.outcome === "not_probed")).toEqual([
      { name: "read_only_workspace", outcome: "not_probed", detail: "the profile grants the workspace" },
      { name: "network", outcome: "not_probed", detail: "the profile grants the network" },
      { name: "unix_socket", outcome: "not_probed", detail: "the options grant unix sockets" },
    ]);
    expect(granted.filter((result) => result.outcome === "escaped")).toEqual([]);
  });

  it.each(Object.entries(weaknesses))("gets out of a jail %s", async (_, weakness) => {
    const results = await probeJail(
      { profile: { ...profile, access: weakness.access ?? profile.access } },
      (settings, view) => weakness.weaken(jailVector(settings, weakness.view?.(view) ?? view)),
      { suite: fullSuite },
    );
    const escaped = results.filter((result) => result.outcome === "escaped").map((result) => result.name);
    expect(escaped).toEqual(expect.arrayContaining([...weakness.escapes, ...(weakness.more ?? [])]));
  });

  it.each(["read-only", "workspace-write", "full"] as const)(
    "holds the %s profile against every escape that is known",
    async (access) => {
      const results = await runEscapeSuite({ profile: { ...profile, access } });
      expect(results.length).toBeGreaterThan(100);
      expect(results.filter((result) => result.outcome === "escaped")).toEqual([]);
    },
  );

  it("hands on nothing that its own parent left open", async () => {
    const folder = openSync("/", "r");
    try {
      const program = fileURLToPath(new URL("./self-test.example.ts", import.meta.url));
      const run = spawnSync(process.execPath, ["--conditions=@tau/source", program], {
        encoding: "utf8",
        env: { PATH: process.env["PATH"], HOME: "/tmp" },
        stdio: ["ignore", "pipe", "pipe", ...Array.from({ length: 20 }, () => "ignore" as const), folder],
      });
      expect(run.stdout).toMatch(/^uid \d+: \d+ held, 1 not probed\n$/u);
    } finally {
      closeSync(folder);
    }
  });

  it("holds for an ordinary user", () => {
    const program = fileURLToPath(new URL("./self-test.example.ts", import.meta.url));
    const run = spawnSync(process.execPath, ["--conditions=@tau/source", program], {
      encoding: "utf8",
      env: { PATH: process.env["PATH"], HOME: "/tmp" },
      ...(isRoot ? { uid: 65534, gid: 65534 } : {}),
    });
    expect({ stderr: run.stderr, stdout: run.stdout }).toEqual({
      stderr: "",
      stdout: `uid ${isRoot ? 65534 : process.getuid?.()}: ${Object.keys(fullSuite.probes).length - 1} held, 1 not probed\n`,
    });
  });
});
