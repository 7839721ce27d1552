import type { BigIntStats } from "node:fs";
import { chmod, lstat, readdir } from "node:fs/promises";
import { join } from "node:path";

import { TauError } from "@tau/core";
import type { FileChange } from "@tau/tools";

import { contentDigest, linkDigest, sameContent } from "./content-digest.ts";
import type { MergedNames } from "./merged-names.ts";
import { statsOf } from "./tree-fingerprint.ts";

/** Where a layer and what it lies on are. */
export interface LayerPlaces {
  readonly upper: string;
  readonly workspace: string;
}

/**
 * Finds everything that a layer changes, ordered by path, deletions before what is made in their place.
 *
 * A file that was opened for writing and has the content and mode of before is no change.
 *
 * @throws TauError `environment.failed` beyond `maxChanges`, and for a name that is not UTF-8: what cannot be named
 *   cannot be shown, decided on or carried out
 */
export async function layerChanges(
  places: LayerPlaces,
  merged: MergedNames,
  maxChanges = 200_000,
): Promise<readonly FileChange[]> {
  const modes = await makeReadable(places.upper);
  const scan = new Scan(places, await merged(await sharedFolders(places)), { modes, maxChanges });
  await scan.folder("", true);
  return scan.changes.toSorted((a, b) =>
    a.path === b.path ? (a.kind === "deleted" ? -1 : 1) : a.path < b.path ? -1 : 1,
  );
}

/** The folders that both have, without the workspace itself: each may hide what lies below it. */
async function sharedFolders({ upper, workspace }: LayerPlaces): Promise<readonly string[]> {
  const found: string[] = [];
  const queue = [""];
  for (let folder = queue.pop(); folder !== undefined; folder = queue.pop()) {
    for (const entry of await readdir(join(upper, folder), { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (!entry.isDirectory() || (await statsOf(join(workspace, path)))?.isDirectory() !== true) continue;
      found.push(path);
      queue.push(path);
    }
  }
  return found;
}

class Scan {
  readonly changes: FileChange[] = [];
  readonly #places: LayerPlaces;
  readonly #merged: ReadonlyMap<string, ReadonlySet<string>>;
  readonly #modes: ReadonlyMap<string, number>;
  readonly #maxChanges: number;

  constructor(
    places: LayerPlaces,
    merged: ReadonlyMap<string, ReadonlySet<string>>,
    { modes, maxChanges }: { readonly modes: ReadonlyMap<string, number>; readonly maxChanges: number },
  ) {
    this.#places = places;
    this.#merged = merged;
    this.#modes = modes;
    this.#maxChanges = maxChanges;
  }

  /** Compares one folder of the layer with the one below it, if there is one. */
  async folder(path: string, hasLower: boolean): Promise<void> {
    const { upper, workspace } = this.#places;
    const above = new Map<string, BigIntStats>();
    for (const name of await namesIn(join(upper, path))) {
      const stats = await statsOf(join(upper, path, name));
      if (stats !== undefined) above.set(name, stats);
    }
    const below = hasLower ? await namesIn(join(workspace, path)) : [];
    const visible = this.#merged.get(path);
    for (const name of below) {
      const stats = above.get(name);
      const gone = stats === undefined ? visible?.has(name) === false : isWhiteout(stats);
      if (gone) await this.#delete(join(path, name));
    }
    for (const [name, stats] of above) {
      if (!isWhiteout(stats)) await this.#compare(join(path, name), stats);
    }
  }

  async #compare(path: string, above: BigIntStats): Promise<void> {
    const below = await statsOf(join(this.#places.workspace, path));
    const type = typeOf(above);
    if (below !== undefined && typeOf(below) !== type) await this.#delete(path);
    const before = below !== undefined && typeOf(below) === type ? below : undefined;
    if (before === undefined || (await this.#differs(path, above, before))) {
      const changed = before === undefined ? {} : { modeBefore: bits(before) };
      const digest = await this.#digest(path, type);
      this.#add({
        path,
        kind: before === undefined ? "created" : "changed",
        type,
        size: sizeOf(above),
        mode: this.#mode(path, above),
        ...changed,
        ...(digest === undefined ? {} : { digest }),
      });
    }
    if (type === "folder") await this.folder(path, before !== undefined);
  }

  async #differs(path: string, above: BigIntStats, below: BigIntStats): Promise<boolean> {
    if (this.#mode(path, above) !== bits(below)) return true;
    const { upper, workspace } = this.#places;
    const [now, then] = [join(upper, path), join(workspace, path)];
    switch (typeOf(above)) {
      case "file":
        // What cannot be read below cannot be the same.
        return above.size !== below.size || !(await sameContent(now, then).catch(() => false));
      case "link":
        return (await linkDigest(now)) !== (await linkDigest(then));
      case "folder":
        return false;
      default:
        return true;
    }
  }

  async #digest(path: string, type: FileChange["type"]): Promise<string | undefined> {
    const place = join(this.#places.upper, path);
    if (type === "file") return await contentDigest(place);
    return type === "link" ? await linkDigest(place) : undefined;
  }

  async #delete(path: string): Promise<void> {
    const place = join(this.#places.workspace, path);
    const stats = await statsOf(place);
    if (stats === undefined) return; // gone meanwhile: nothing is left to delete
    this.#add({ path, kind: "deleted", type: typeOf(stats), size: sizeOf(stats), mode: bits(stats) });
    if (!stats.isDirectory()) return;
    for (const name of await namesIn(place)) await this.#delete(join(path, name));
  }

  #mode(path: string, above: BigIntStats): number {
    return this.#modes.get(path) ?? bits(above);
  }

  #add(change: FileChange): void {
    if (this.changes.length >= this.#maxChanges)
      throw undecidable(`more than ${this.#maxChanges} paths`, "fewer at a time");
    this.changes.push(change);
  }
}

async function namesIn(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder);
  const broken = names.find((name) => name.includes("\uFFFD"));
  if (broken !== undefined)
    throw undecidable(`a path whose name, ${JSON.stringify(broken)}, is not UTF-8`, "paths with other names");
  return names;
}

function undecidable(what: string, instead: string): TauError {
  return new TauError(
    "environment.failed",
    `The command changes ${what}, so nobody could be shown what it did: have it change ${instead}.`,
  );
}

/**
 * Opens to this user what a command closed to everybody; answers the modes that those paths had. Root reads all the
 * same.
 */
async function makeReadable(upper: string): Promise<ReadonlyMap<string, number>> {
  const modes = new Map<string, number>();
  if (process.getuid?.() === 0) return modes;
  const queue = [""];
  for (let folder = queue.pop(); folder !== undefined; folder = queue.pop()) {
    for (const entry of await readdir(join(upper, folder), { withFileTypes: true })) {
      if (!entry.isFile() && !entry.isDirectory()) continue;
      const path = join(folder, entry.name);
      const mode = bits(await lstat(join(upper, path), { bigint: true }));
      const needed = entry.isDirectory() ? 0o700 : 0o400;
      if ((mode & needed) !== needed) {
        modes.set(path, mode);
        await chmod(join(upper, path), mode | needed);
      }
      if (entry.isDirectory()) queue.push(path);
    }
  }
  return modes;
}

/** How a layer says that something is gone: a character device with the number 0. */
function isWhiteout(stats: BigIntStats): boolean {
  return stats.isCharacterDevice() && stats.rdev === 0n;
}

function typeOf(stats: BigIntStats): FileChange["type"] {
  if (stats.isFile()) return "file";
  if (stats.isDirectory()) return "folder";
  return stats.isSymbolicLink() ? "link" : "other";
}

function sizeOf(stats: BigIntStats): number {
  return stats.isDirectory() ? 0 : Number(stats.size);
}

function bits(stats: BigIntStats): number {
  return Number(stats.mode) & 0o7777;
}
