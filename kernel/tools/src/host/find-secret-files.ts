import type { BigIntStats } from "node:fs";
import { lstatSync, readdirSync, statfsSync } from "node:fs";
import { join } from "node:path";
import { setImmediate as others } from "node:timers/promises";

import { systemCode } from "./environment-error.ts";

/** How deep below the workspace files with secret names are looked for. */
const maxDepth = 4;
/** How many folders are looked into at most: a mask is not worth minutes in an enormous tree. */
const maxFolders = 5000;
/** After how many folders others get their turn. */
const batch = 100;

const skipped: ReadonlySet<string> = new Set([
  "node_modules",
  ".git",
  ".venv",
  "__pycache__",
  "target",
  "dist",
]);

/** How long a folder must have rested before it was read: many ticks of any kernel's clock. */
const restedMs = 1000;

/** What of a folder matters, and of which state of it. */
interface Listing {
  readonly stats: BigIntStats;
  /** Whether any later change shows in the times of the folder. */
  readonly lasts: boolean;
  readonly secrets: readonly string[];
  readonly folders: readonly string[];
}

/** Finds the files below a workspace whose name says that they hold secrets, and the folders that nobody can look into. */
export type SecretFinder = () => Promise<readonly string[]>;

/**
 * Makes a {@link SecretFinder} that reads only folders which changed since its last search.
 *
 * The kernel changes a folder's ctime with every entry that comes, goes or is renamed, and nobody can set it back. Its
 * clock ticks every few milliseconds, so that two changes can have one time: a listing counts only when the folder had
 * rested for a second before it was read. On a disk whose times another machine's clock makes, none counts.
 */
export function createSecretFinder(
  workspace: string,
  isSecretName: (name: string) => boolean,
  now: () => number = Date.now,
): SecretFinder {
  const read = (folder: string): Listing => readListing(folder, isSecretName, now);
  const device = ownClockDevice(workspace);
  let known: ReadonlyMap<string, Listing> = new Map();

  return async () => {
    const seen = new Map<string, Listing>();
    const found: string[] = [];
    let level: readonly string[] = [workspace];
    let folders = 0;
    for (let depth = 0; depth < maxDepth && level.length > 0; depth++) {
      const next: string[] = [];
      for (const folder of level.slice(0, maxFolders - folders)) {
        if (++folders % batch === 0) await others();
        const listing = listingOf(folder, known.get(folder), read);
        if (listing === undefined) continue;
        if (listing.lasts && listing.stats.dev === device) seen.set(folder, listing);
        found.push(...listing.secrets);
        next.push(...listing.folders);
      }
      level = next;
    }
    known = seen;
    return found;
  };
}

/**
 * A folder that may not be listed is hidden as a whole: names in it can be opened all the same, and a command that owns it
 * can make it so. Undefined for what is gone.
 */
function listingOf(
  folder: string,
  before: Listing | undefined,
  read: (folder: string) => Listing,
): Listing | undefined {
  try {
    if (before !== undefined && isSameState(lstatSync(folder, { bigint: true }), before.stats)) return before;
    return read(folder);
  } catch (error) {
    return systemCode(error) === "EACCES" ? unlisted(folder) : undefined;
  }
}

function unlisted(folder: string): Listing | undefined {
  const stats = lstatSync(folder, { bigint: true, throwIfNoEntry: false });
  return stats === undefined ? undefined : { stats, lasts: false, secrets: [folder], folders: [] };
}

function readListing(folder: string, isSecretName: (name: string) => boolean, now: () => number): Listing {
  const stats = lstatSync(folder, { bigint: true });
  const readAt = now();
  const entries = readdirSync(folder, { withFileTypes: true });
  const files = entries.filter((entry) => !entry.isDirectory() && isSecretName(entry.name));
  const folders = entries.filter((entry) => entry.isDirectory() && !skipped.has(entry.name));
  return {
    stats,
    lasts: stats.isDirectory() && readAt - Number(stats.ctimeMs) > restedMs,
    secrets: files.map(({ name }) => join(folder, name)),
    folders: folders.map(({ name }) => join(folder, name)),
  };
}

function isSameState(one: BigIntStats, other: BigIntStats): boolean {
  return one.ino === other.ino && one.dev === other.dev && one.ctimeNs === other.ctimeNs;
}

/** Numbers of file systems whose times this kernel makes: ext, XFS, Btrfs, tmpfs, overlay, F2FS, ZFS. */
const ownClocks: ReadonlySet<number> = new Set([
  0xef53, 0x58465342, 0x9123683e, 0x01021994, 0x794c7630, 0xf2f52010, 0x2fc12fc1,
]);

/** The device that the workspace is on; undefined when its times are not this kernel's, or nobody knows. */
function ownClockDevice(workspace: string): bigint | undefined {
  try {
    if (!ownClocks.has(statfsSync(workspace).type)) return undefined;
    return lstatSync(workspace, { bigint: true }).dev;
  } catch {
    return undefined;
  }
}
