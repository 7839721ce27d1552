import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { isTauError } from "@tau/core";

import { failed } from "../pod/pod-errors.ts";
import type { Here } from "./bring-back.ts";
import { bringBack, bringFolder, isSame, takeAway } from "./bring-back.ts";
import type { FetchedEntry, PodEntry, PodTree, SentEntry } from "./pod-tree.ts";
import type { LocalEntry } from "./scan-local.ts";
import { localEntry, scanLocal, staysBehind } from "./scan-local.ts";

/** Keeps a workspace and its copy in a pod the same. This machine's is the truth: what both sides changed stays as it is here. */
export interface WorkspaceSync {
  /** Sends what changed here since the last time. */
  push(signal: AbortSignal): Promise<void>;
  /** Brings back what changed in the pod; answers a line for whatever was not, and why. */
  pull(signal: AbortSignal): Promise<readonly string[]>;
}

/** Options of {@link createWorkspaceSync}. */
export interface SyncOptions extends Here {
  readonly tree: PodTree;
  readonly exclude: ReadonlySet<string>;
  readonly maxBytes: number;
  /** Whether something runs in the pod that may write while files are sent. */
  readonly isBusy: () => boolean;
}

/** What both sides were when they were last the same. Undefined: not known, so looked at again. */
interface Agreed {
  readonly kind: LocalEntry["kind"];
  readonly here: string | undefined;
  readonly there: string | undefined;
}

const batchBytes = 32 * 2 ** 20;

/** Makes a {@link WorkspaceSync}. Its calls must not overlap. */
export function createWorkspaceSync(options: SyncOptions): WorkspaceSync {
  const { tree, exclude, policy } = options;
  const { workspace } = policy.profile;
  const agreed = new Map<string, Agreed>();

  return {
    async push(signal) {
      const here = await scanLocal(workspace, exclude);
      assertFits(here, options.maxBytes);
      const changed = [...here].filter(([path, entry]) => agreed.get(path)?.here !== entry.signature);
      const gone = [...agreed]
        .filter(([path, { kind }]) => here.get(path)?.kind !== kind)
        .map(([path]) => path);
      if (gone.length > 0) await tree.remove(gone, signal);
      for (const path of gone) agreed.delete(path);
      for (const batch of batchesOf(changed, ([, entry]) => entry.size)) {
        await tree.send(
          await Promise.all(batch.map(([path, entry]) => toSent(workspace, path, entry))),
          signal,
        );
      }
      if (changed.length === 0) return;
      const there = options.isBusy() ? new Map<string, PodEntry>() : await tree.list(signal);
      for (const [path, { kind, signature }] of changed) {
        agreed.set(path, { kind, here: signature, there: there.get(path)?.signature });
      }
    },
    async pull(signal) {
      const there = await tree.list(signal);
      const notes = await bringChanges({ ...options, agreed }, there, signal);
      return [...notes, ...(await takeGone({ ...options, agreed }, there))];
    },
  };
}

interface Syncing extends SyncOptions {
  readonly agreed: Map<string, Agreed>;
}

async function bringChanges(
  sync: Syncing,
  there: ReadonlyMap<string, PodEntry>,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const { tree, exclude, agreed } = sync;
  const notes: string[] = [];
  const changed = [...there].filter(([path, { signature }]) => {
    const known = agreed.get(path)?.there;
    return (
      (known === undefined || known !== signature) &&
      !path.split("/").some((name) => staysBehind(name, exclude))
    );
  });
  for (const [path, { kind }] of changed) {
    if (kind !== "folder") continue;
    notes.push(...(await folderFrom(sync, path)));
  }
  const wanted = changed.filter(([, { kind }]) => kind === "file" || kind === "link");
  for (const batch of batchesOf(wanted, ([, { size }]) => size)) {
    const paths = batch.map(([path]) => path);
    for (const entry of await tree.fetch(paths, signal)) {
      notes.push(...(await fileFrom(sync, entry, there.get(entry.path)?.signature)));
    }
  }
  return notes;
}

async function folderFrom({ agreed, ...sync }: Syncing, path: string): Promise<readonly string[]> {
  const here = await localEntry(join(sync.policy.profile.workspace, path));
  if (here !== undefined && here.kind !== "folder") return []; // sent again, as what it is here
  try {
    if (here === undefined) await bringFolder(sync, path);
    agreed.set(path, { kind: "folder", here: "folder", there: "folder" });
    return [];
  } catch (error) {
    agreed.set(path, { kind: "folder", here: undefined, there: undefined });
    return [noteOn(path, error)];
  }
}

async function fileFrom(
  { agreed, ...sync }: Syncing,
  entry: FetchedEntry,
  there: string | undefined,
): Promise<readonly string[]> {
  const { workspace } = sync.policy.profile;
  const { path, kind } = entry;
  const before = await localEntry(join(workspace, path));
  const known = agreed.get(path);
  if (before !== undefined && (await isSame(workspace, entry, before))) {
    const now = await localEntry(join(workspace, path));
    agreed.set(path, { kind, here: now?.signature, there });
    return [];
  }
  // Sent again before the next command: whatever is here is what counts.
  const refused = { kind: before?.kind ?? kind, here: undefined, there: undefined };
  if (known?.here !== undefined && before?.signature !== known.here) {
    agreed.set(path, refused);
    return [`${path} was changed here and by the command: it stays as it is here`];
  }
  try {
    if (before?.kind === "folder") throw failed("Writing", "a folder is in the way.");
    await bringBack(sync, entry);
  } catch (error) {
    agreed.set(path, refused);
    return [noteOn(path, error)];
  }
  agreed.set(path, { kind, here: (await localEntry(join(workspace, path)))?.signature, there });
  return [];
}

/** Removes here what the command removed, the deepest first. */
async function takeGone(sync: Syncing, there: ReadonlyMap<string, PodEntry>): Promise<readonly string[]> {
  const { agreed, policy } = sync;
  const notes: string[] = [];
  const gone = [...agreed].filter(([path, { kind }]) => there.get(path)?.kind !== kind);
  for (const [path, { kind, here }] of gone.toReversed()) {
    const now = await localEntry(join(policy.profile.workspace, path));
    if (now === undefined || now.kind !== kind) {
      agreed.delete(path);
      continue;
    }
    try {
      if (now.signature !== here) throw failed("Removing", "it was changed here.");
      await takeAway(sync, path, kind);
      agreed.delete(path);
    } catch (error) {
      agreed.set(path, { kind, here: undefined, there: undefined });
      notes.push(noteOn(path, error));
    }
  }
  return notes;
}

function noteOn(path: string, error: unknown): string {
  const why = isTauError(error) ? error.message : "this machine refused it.";
  return `${path} is not brought back: ${why}`;
}

async function toSent(workspace: string, path: string, entry: LocalEntry): Promise<SentEntry> {
  const { kind, mode, mtimeMs, target } = entry;
  const shared = { path, kind, mode, mtimeMs, target };
  if (kind !== "file") return { ...shared, data: new Uint8Array() };
  try {
    return { ...shared, data: await readFile(join(workspace, path)) };
  } catch (error) {
    throw failed(
      `Sending ${path} to the pod`,
      "it cannot be read here. Exclude it, or change its mode.",
      error,
    );
  }
}

function assertFits(here: ReadonlyMap<string, LocalEntry>, maxBytes: number): void {
  const bytes = [...here.values()].reduce((sum, { kind, size }) => sum + (kind === "file" ? size : 0), 0);
  if (bytes <= maxBytes) return;
  throw failed(
    "Sending the workspace to the pod",
    `it has ${bytes} bytes, and at most ${maxBytes} are sent. Exclude folders such as node_modules, or use a volume.`,
  );
}

/** Cuts a list where its sizes add up to a batch. */
function batchesOf<Item>(
  items: readonly Item[],
  sizeOf: (item: Item) => number,
): readonly (readonly Item[])[] {
  const batches: Item[][] = [];
  let room = 0;
  for (const item of items) {
    if (room < sizeOf(item) || batches.length === 0) {
      batches.push([]);
      room = batchBytes;
    }
    batches.at(-1)?.push(item);
    room -= sizeOf(item) + 512;
  }
  return batches;
}
