import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

import { describe, expect, it } from "vitest";

import type { JailVector } from "./jail-command.ts";
import { jailVector } from "./jail-command.ts";
import type { JailView } from "./jail-view.ts";
import type { ProbeName } from "./probe.ts";
import { probes } from "./probe.ts";
import { probeJail, runSandboxSelfTest } from "./self-test.ts";

const profile = { access: "workspace-write", network: false, workspace: process.cwd() } as const;
const allowEverything = Uint8Array.of(0x06, 0, 0, 0, 0, 0, 0xff, 0x7f); // BPF: return SECCOMP_RET_ALLOW
const isRoot = process.getuid?.() === 0;
const secretVariable = "TAU_WEAKENED_SECRET";

interface Weakness {
  readonly access?: "read-only";
  readonly weaken: (vector: JailVector) => JailVector;
  readonly view?: (view: JailView) => JailView;
  readonly escapes: readonly ProbeName[];
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
  },
  "without the seccomp filter": {
    weaken: (vector) => ({ ...vector, filter: allowEverything }),
    escapes: ["unix_socket", "ptrace", "process_memory", "io_uring", "keyring"],
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
  },
  "with the machine's processes": {
    weaken: (vector) => ({
      ...vector,
      arguments: without(without(vector.arguments, "--unshare-pid"), "--unshare-ipc"),
    }),
    escapes: ["process_namespace", "ipc_namespace"],
  },
  "with a writable root": {
    weaken: (vector) => ({
      ...vector,
      arguments: replaced(vector.arguments, ["--ro-bind", "/", "/"], ["--bind", "/", "/"]),
    }),
    escapes: ["write_outside"],
  },
  "with a secret in bubblewrap's own variables": {
    weaken: (vector) => ({
      ...vector,
      arguments: ["--unsetenv", secretVariable, ...vector.arguments],
      variables: { ...vector.variables, [secretVariable]: secretIn(vector) },
    }),
    escapes: ["environment"],
  },
  "without masks": {
    weaken: (vector) => vector,
    view: (view) => ({ ...view, maskedFiles: [], maskedFolders: [] }),
    escapes: ["masked_folder", "masked_file", "masked_by_root_link"],
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
  "with the machine's /proc/sys": {
    weaken: (vector) => ({
      ...vector,
      arguments: replaced(vector.arguments, ["--ro-bind", "/proc/sys", "/proc/sys"], []),
    }),
    // Only root's user id may write there at all.
    escapes: isRoot ? ["kernel_settings"] : [],
  },
  "with the machine's devices": {
    weaken: (vector) => ({
      ...vector,
      arguments: replaced(vector.arguments, ["--dev", "/dev"], ["--dev-bind", "/dev", "/dev"]),
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

/** The secret of the running self-test, put together from the two halves that its script gets. */
function secretIn(vector: JailVector): string {
  const value = (name: string): string => vector.arguments[vector.arguments.indexOf(name) + 1] ?? "";
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
    );
    const escaped = results.filter((result) => result.outcome === "escaped").map((result) => result.name);
    expect(escaped).toEqual(expect.arrayContaining([...weakness.escapes]));
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
      stdout: `uid ${isRoot ? 65534 : process.getuid?.()}: ${Object.keys(probes).length - 1} held, 1 not probed\n`,
    });
  });
});
