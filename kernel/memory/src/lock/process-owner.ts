import { readFileSync, readlinkSync } from "node:fs";

/** Whether the process that holds something still lives, as far as it can be seen from here. */
export type OwnerState = "alive" | "gone" | "unknown";

/**
 * The name under which this process holds things: `<boot>/<pid namespace>/<pid>/<start time>/<what>`.
 * On Linux it says enough for another process of the same machine to see that the owner is gone; elsewhere
 * the parts are empty and only time tells.
 */
export function ownerName(what: string): string {
  return [machine() ?? "/", process.pid, processOf(process.pid)?.started ?? "", what].join("/");
}

/** Looks whether the owner's process lives. Unknown when it runs elsewhere: another boot, container or system. */
export function ownerState(owner: string): OwnerState {
  const here = machine();
  if (here === undefined || !owner.startsWith(`${here}/`)) return "unknown";
  const [pid = "", started = ""] = owner.slice(here.length + 1).split("/");
  if (started === "") return "unknown";
  const found = processOf(Number(pid));
  // Nothing in /proc may also mean that it is hidden from us; a signal knows better.
  if (found === undefined) return exists(Number(pid)) ? "unknown" : "gone";
  const reused = found.started !== started;
  return reused || found.state === "Z" || found.state === "X" ? "gone" : "alive";
}

/** The boot and the process-id namespace: process ids mean the same only within both. */
function machine(): string | undefined {
  const boot = tryRead(() => readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim());
  const namespace = tryRead(() => readlinkSync("/proc/self/ns/pid"));
  return boot === "" || namespace === "" ? undefined : `${boot}/${namespace}`;
}

/** State and start (ticks since boot) of a process: fields 3 and 22 of proc_pid_stat(5). */
function processOf(pid: number): { readonly state: string; readonly started: string } | undefined {
  const stat = tryRead(() => readFileSync(`/proc/${pid}/stat`, "utf8"));
  // The second field is a name in parentheses that may contain anything.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [state, started] = [fields[0], fields[19]];
  return state === undefined || started === undefined ? undefined : { state, started };
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return !(error instanceof Error && "code" in error && error.code === "ESRCH");
  }
}

function tryRead(read: () => string): string {
  try {
    return read();
  } catch {
    return "";
  }
}
