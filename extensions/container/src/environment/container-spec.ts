import { existsSync, realpathSync } from "node:fs";

import { commandVariables } from "@tau/tools";

import { ownerLabels } from "../leftovers/owner-labels.ts";
import type { BindMount, ContainerMounts } from "./container-mounts.ts";
import type { ContainerSettings } from "./container-settings.ts";
import { supervisorScript } from "./supervisor-script.ts";

const defaultProcesses = 1024;
const defaultMemoryBytes = 2 * 2 ** 30;
const defaultTmpBytes = 2 ** 30;

/** What distinguishes the containers of one environment. */
export interface ContainerView {
  readonly mounts: ContainerMounts;
  readonly network: boolean;
}

/** What is asked of the engine for a container; also what the profile's hash is made of. */
export function containerSpec(
  settings: ContainerSettings,
  view: ContainerView,
): Readonly<Record<string, unknown>> {
  const { options, profile, image, user } = settings;
  const { runtime, limits = {}, networkName = "bridge", tenant = "local", env } = options;
  const {
    processes = defaultProcesses,
    memoryBytes = defaultMemoryBytes,
    tmpBytes = defaultTmpBytes,
  } = limits;
  return {
    Image: image.id,
    Entrypoint: ["/bin/sh", "-c", supervisorScript, "tau", ...writableFolders(profile.workspace)],
    Cmd: [],
    User: user,
    WorkingDir: "/",
    Hostname: "tau",
    Env: toList({ ...variables(), ...env }),
    Labels: ownerLabels(tenant),
    Tty: false,
    OpenStdin: true,
    StdinOnce: true,
    AttachStdin: true,
    AttachStdout: true,
    AttachStderr: true,
    Healthcheck: { Test: ["NONE"] },
    HostConfig: {
      AutoRemove: true,
      ReadonlyRootfs: profile.access !== "full",
      CapDrop: ["ALL"],
      SecurityOpt: ["no-new-privileges"],
      NetworkMode: view.network ? networkName : "none",
      IpcMode: "private",
      PidsLimit: processes,
      Memory: memoryBytes,
      MemorySwap: memoryBytes,
      ...(limits.cpus === undefined ? {} : { NanoCpus: Math.round(limits.cpus * 1e9) }),
      ...(runtime === undefined ? {} : { Runtime: runtime }),
      LogConfig: { Type: "none" },
      Tmpfs: {
        "/tmp": `rw,nosuid,nodev,exec,mode=1777,size=${tmpBytes}`,
        ...Object.fromEntries(
          view.mounts.hidden.map((path) => [path, "ro,nosuid,nodev,noexec,mode=0,size=4k"]),
        ),
      },
      Mounts: [...shownBinds(options), ...view.mounts.binds].map(({ source, target, readOnly }) => ({
        Type: "bind",
        Source: source,
        Target: target,
        ReadOnly: readOnly,
        BindOptions: { Propagation: "rprivate" },
      })),
    },
  };
}

function shownBinds({ showPaths = [] }: ContainerSettings["options"]): readonly BindMount[] {
  const real = showPaths
    .filter((path) => existsSync(path))
    .map((path) => [path, realpathSync(path)] as const);
  return real.map(([target, source]) => ({ source, target, readOnly: true }));
}

/** Where a command may leave something, beside the workspace; those that cannot be written do not change. */
function writableFolders(workspace: string): readonly string[] {
  const steps = workspace.split("/").slice(1, -1);
  const above = steps.map((_, index) => `/${steps.slice(0, index + 1).join("/")}`);
  return [...new Set(["/tmp", "/tmp/home", "/dev/shm", "/run", "/var/tmp", ...above])];
}

const portable = ["LANG", "LANGUAGE", "TZ", "TERM", "COLORTERM", "NO_COLOR", "SHLVL"];

/** Of this process's allowlisted variables, those that mean the same in a container. */
function variables(): Readonly<Record<string, string>> {
  const kept = Object.entries(commandVariables(process.env)).filter(
    ([name]) => portable.includes(name) || name.startsWith("LC_"),
  );
  return { ...Object.fromEntries(kept), HOME: "/tmp/home", TMPDIR: "/tmp" };
}

/** Variables as engines list them. */
export function toList(values: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(values).map(([name, value]) => `${name}=${value}`);
}
