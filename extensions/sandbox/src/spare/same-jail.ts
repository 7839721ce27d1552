import { lstatSync, readFileSync, statSync } from "node:fs";
import type { BigIntStats } from "node:fs";

import type { JailVector } from "../bubblewrap-process.ts";

/** One mount that bubblewrap makes. */
interface Mount {
  readonly target: string;
  /** What is bound there; undefined for a file system of the jail's own. */
  readonly source?: string;
  /** Whether it is left out when there is no source. */
  readonly optional?: boolean;
}

/** What the arguments of a vector make of the jail's files. */
export interface JailFiles {
  readonly mounts: readonly Mount[];
  readonly cwd: string;
}

/** How many words follow an option that makes no mount. */
const otherOptions: ReadonlyMap<string, number> = new Map([
  ...[
    "--unshare-user",
    "--unshare-pid",
    "--unshare-ipc",
    "--unshare-uts",
    "--unshare-cgroup-try",
    "--unshare-net",
    "--disable-userns",
    "--die-with-parent",
    "--new-session",
  ].map((option) => [option, 0] as const),
  ...[
    "--cap-drop",
    "--perms",
    "--size",
    "--remount-ro",
    "--dir",
    "--chdir",
    "--seccomp",
    "--json-status-fd",
  ].map((option) => [option, 1] as const),
]);

/** Reads the mounts out of a vector's arguments; undefined when there is anything else in them than is known here. */
export function jailFiles(words: JailVector["arguments"]): JailFiles | undefined {
  const mounts: Mount[] = [];
  let cwd: string | undefined;
  for (let at = 0; at < words.length;) {
    const [option = "", one = "", two = ""] = words.slice(at, at + 3);
    const others = otherOptions.get(option);
    if (others !== undefined) at += 1 + others;
    else if (option === "--bind" || option === "--ro-bind" || option === "--ro-bind-try") at += 3;
    else if (option === "--tmpfs" || option === "--dev" || option === "--proc") at += 2;
    else return undefined;
    if (others === undefined)
      mounts.push(
        option.includes("bind")
          ? { source: one, target: two, optional: option.endsWith("-try") }
          : { target: one },
      );
    if (option === "--chdir") cwd = one;
  }
  return cwd === undefined ? undefined : { mounts, cwd };
}

/**
 * Whether a jail shows at the place of each mount what a new one would show: the mount is still there, and what it binds is
 * the same object that now has the name. A mount holds a file, not a name: who renames another file over a masked one takes
 * the mask off, in every jail that there is.
 */
export function showsTheSame(firstProcess: number, { mounts, cwd }: JailFiles): boolean {
  try {
    const left = mountPoints(firstProcess);
    const root = `/proc/${firstProcess}/root`;
    const shown = new Map<string, Mount>();
    for (const mount of mounts) {
      const { source, target, optional = false } = mount;
      if (optional && source !== undefined && statsOf(source) === undefined) {
        if (left.has(target)) return false;
        continue;
      }
      const count = left.get(target) ?? 0;
      if (count === 0) return false;
      left.set(target, count - 1);
      shown.set(target, mount);
    }
    const bound = [...shown.values()].flatMap(({ source, target }) =>
      source === undefined ? [] : [[source, root + target] as const],
    );
    return (
      bound.every(([one, other]) => isSame(statsOf(one), statsOf(other))) &&
      isSame(statSync(cwd, { bigint: true }), statSync(`/proc/${firstProcess}/cwd`, { bigint: true }))
    );
  } catch {
    return false; // it died, or this process may not look into it
  }
}

/** How many mounts there are at each path. */
function mountPoints(pid: number): Map<string, number> {
  const points = new Map<string, number>();
  for (const line of readFileSync(`/proc/${pid}/mountinfo`, "utf8").split("\n")) {
    const [, , , , path] = line.split(" ", 5);
    if (path === undefined) continue;
    const point = path.replaceAll(/\\([0-7]{3})/gu, (_, digits: string) =>
      String.fromCharCode(Number.parseInt(digits, 8)),
    );
    points.set(point, (points.get(point) ?? 0) + 1);
  }
  return points;
}

function statsOf(path: string): BigIntStats | undefined {
  return lstatSync(path, { bigint: true, throwIfNoEntry: false });
}

function isSame(one: BigIntStats | undefined, other: BigIntStats | undefined): boolean {
  return one !== undefined && other !== undefined && one.ino === other.ino && one.dev === other.dev;
}
