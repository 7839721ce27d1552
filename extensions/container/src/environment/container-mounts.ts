import { lstatSync, realpathSync, statSync } from "node:fs";

import { TauError } from "@tau/core";
import type { Protection } from "@tau/tools";
import { foldersTo, isBelow, isWithin } from "@tau/tools";

/** What a container sees of this machine. */
export interface ContainerMounts {
  readonly binds: readonly BindMount[];
  /** Covered by an empty folder. */
  readonly hidden: readonly string[];
  /** Changes when one of the paths does, or becomes another file: then a mount holds the old one. */
  readonly key: string;
}

/** A file or folder of this machine in a container. */
export interface BindMount {
  readonly source: string;
  readonly target: string;
  readonly readOnly: boolean;
}

/** Options of {@link containerMounts}. Paths are real paths. */
export interface MountOptions {
  /** The workspace, or a folder in it. */
  readonly folder: string;
  /** Where the container sees it. Default: at the same path. */
  readonly target?: string;
  readonly writable: boolean;
  readonly protection: Protection | undefined;
  /** Neither read nor written, where they are below the folder. */
  readonly secrets: readonly string[];
}

/**
 * Makes the mounts of a folder. What is protected is mounted once more, read-only, over itself; the folders on the way to
 * it and to secret files become mount points, which cannot be moved away; secret files are covered by `/dev/null`.
 *
 * @throws TauError `container.option_refused` for a name that means something to an engine
 */
export function containerMounts({
  folder,
  target = folder,
  writable,
  protection,
  secrets,
}: MountOptions): ContainerMounts {
  const inside = (paths: readonly string[]): readonly string[] =>
    paths.filter((path) => isBelow(path, folder));
  const seen = (path: string): string => `${target}${path.slice(folder.length)}`;
  const masked = secrets.flatMap(existing);
  const hidden = inside(masked.filter(({ isFolder }) => isFolder).map(({ path }) => path));
  const covered = inside(masked.filter(({ isFolder }) => !isFolder).map(({ path }) => path));
  const held = [...(protection?.pinned ?? []), ...foldersTo(folder, [...hidden, ...covered])];
  const pinned = writable ? inside(held) : [];
  const readOnly = writable ? inside(protection?.readOnly ?? []) : [];
  const bind = (source: string, path: string, isReadOnly: boolean): BindMount[] =>
    hidden.some((item) => isWithin(path, item)) ? [] : [{ source, target: seen(path), readOnly: isReadOnly }];
  const binds = [
    { source: folder, target, readOnly: !writable },
    ...pinned.flatMap((path) => bind(path, path, false)),
    ...readOnly.flatMap((path) => bind(path, path, true)),
    ...covered.flatMap((path) => bind("/dev/null", path, true)),
  ];
  const one = [...new Map(binds.map((item) => [item.target, item])).values()].toSorted(byTarget);
  for (const path of [...one.flatMap(({ source, target: place }) => [source, place]), ...hidden])
    assertPlainName(path);
  const identities = [folder, ...pinned, ...readOnly, ...covered, ...hidden].map(identityOf);
  return { binds: one, hidden: hidden.map(seen), key: JSON.stringify([one, hidden, identities]) };
}

/** Podman reads a mount as `type=bind,source=…,dest=…`, and a temporary folder as `path:options`: such names mount what they like. */
function assertPlainName(path: string): void {
  if (!/[,:"\p{Cc}]/u.test(path)) return;
  throw new TauError(
    "container.option_refused",
    `The container is not started: ${JSON.stringify(path.slice(0, 200))} has a comma, a colon, a quotation mark or a control character in its name, which engines read as options. Rename it.`,
  );
}

/** The real path, when there is something that Tau can see. */
function existing(path: string): readonly { readonly path: string; readonly isFolder: boolean }[] {
  try {
    const isFolder = statSync(path).isDirectory();
    return [{ path: realpathSync.native(path), isFolder }];
  } catch {
    return [];
  }
}

/** Outer ones first, as they are mounted. */
function byTarget(left: BindMount, right: BindMount): number {
  return left.target < right.target ? -1 : 1;
}

function identityOf(path: string): string {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  return stats === undefined ? "none" : `${stats.dev}:${stats.ino}`;
}
