import { randomUUID } from "node:crypto";
import { readFileSync, readlinkSync } from "node:fs";

/** Labels of the containers that Tau makes. */
export const containerLabels = {
  /** One per container: tells Tau's environments from what others started. */
  environment: "dev.tau.environment",
  tenant: "dev.tau.tenant",
  /** The process that the container belongs to. */
  owner: "dev.tau.owner",
} as const;

/** The labels of a container that this process makes for `tenant`. */
export function ownerLabels(tenant: string): Readonly<Record<string, string>> {
  return {
    [containerLabels.environment]: randomUUID(),
    [containerLabels.tenant]: tenant,
    [containerLabels.owner]: [...machine(), process.pid, startOf(process.pid) ?? ""].join("/"),
  };
}

/**
 * Whether the process that an owner label names is gone: of an earlier boot, or dead. A process of another PID namespace,
 * such as a Tau in a container, cannot be looked at from here and counts as alive.
 */
export function isOrphaned(owner: string): boolean {
  const [boot, namespace, pid, start] = owner.split("/");
  const [ownBoot, ownNamespace] = machine();
  if (boot === undefined || boot === "" || pid === undefined || !/^\d{1,10}$/u.test(pid)) return false;
  if (boot !== ownBoot) return true;
  return namespace === ownNamespace && startOf(Number(pid)) !== start;
}

function machine(): readonly [string, string] {
  const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  return [boot, readlinkSync("/proc/self/ns/pid").replaceAll(/\D/gu, "")];
}

/** When a process started, in clock ticks; undefined once it is dead. */
function startOf(pid: number): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ")[19];
  } catch {
    return undefined;
  }
}
