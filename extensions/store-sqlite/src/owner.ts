import { readFileSync, readlinkSync } from "node:fs";

/**
 * The name under which this process holds leases: `<boot>/<pid namespace>/<pid>/<start time>/<store>`.
 * On Linux it says enough for another process of the same machine to see that the owner is gone; elsewhere
 * the parts are empty and only time tells.
 */
export function ownerName(store: string): string {
  return [machine(), process.pid, startTime(process.pid) ?? "", store].join("/");
}

/** Whether the owner's process ended. False when that cannot be seen from here. */
export function ownerIsGone(owner: string): boolean {
  const here = machine();
  if (here === "/" || !owner.startsWith(`${here}/`)) return false;
  const [pid = "", started = ""] = owner.slice(here.length + 1).split("/");
  return started !== "" && startTime(Number(pid)) !== started;
}

/** The boot and the process-id namespace: process ids mean the same only within both. */
function machine(): string {
  return `${tryRead(() => readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim())}/${tryRead(() => readlinkSync("/proc/self/ns/pid"))}`;
}

/** When a process began, in ticks since boot: field 22 of proc_pid_stat(5). Undefined when there is none. */
function startTime(pid: number): string | undefined {
  const stat = tryRead(() => readFileSync(`/proc/${pid}/stat`, "utf8"));
  // The second field is a name in parentheses that may contain anything.
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
}

function tryRead(read: () => string): string {
  try {
    return read();
  } catch {
    return "";
  }
}
