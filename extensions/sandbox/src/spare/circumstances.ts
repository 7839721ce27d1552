import { readFileSync } from "node:fs";

/** Rows of `/proc/self/status` that a process hands on to what it starts. */
const inherited = /^(?:Umask|Uid|Gid|Groups|NoNewPrivs|Seccomp|Cap\w+|Cpus_allowed):.*$/gmu;

/**
 * What a jail gets from the machine and from this process, beside what its vector says: the mounts that it begins with, and
 * who starts it. Two jails of one vector are the same only under the same circumstances. Undefined where they are not told.
 */
export function circumstances(): string | undefined {
  try {
    const mounts = readFileSync("/proc/self/mountinfo", "utf8");
    const rows = readFileSync("/proc/self/status", "utf8").match(inherited) ?? [];
    return [mounts, ...rows].join("\n");
  } catch {
    return undefined;
  }
}
