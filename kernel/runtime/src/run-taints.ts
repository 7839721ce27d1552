import { joinLabels } from "@tau/core";
import type { EffectFinished, Label } from "@tau/core";
import type { Environment, ReadyCall } from "@tau/tools";

import { changedSince, hashed, isOther, timeIn } from "./changed-files.ts";
import type { WrittenFile } from "./changed-files.ts";
import type { Clock } from "./clock.ts";
import type { FileTaints, TaintedPath } from "./file-taints.ts";
import type { ReadyEffect } from "./ready-effect.ts";

/** What a call taints: {@link EffectFinished.tainted}. */
type Tainted = NonNullable<EffectFinished["tainted"]>;

/** What untrusted text was written to by the sessions of a workspace, as one run sees it and adds to it. */
export interface RunTaints {
  /** Finds out how far to trust what a call reads; undefined, at once, when it reads nothing of the environment. */
  look(prepared: ReadyCall, signal: AbortSignal): Promise<void> | undefined;
  /** What {@link look} found; absent: nothing that other sessions wrote untrusted text to. */
  labelOf(prepared: ReadyCall): Label | undefined;
  /** Marks what a call may write before it runs. */
  mark(ready: ReadyEffect, tainted: Tainted, signal: AbortSignal): Promise<void>;
  /** Says what the call wrote. What may still write is looked at when the run ends. */
  settle(ready: ReadyEffect, tainted: Tainted, options: SettleOptions): Promise<void>;
  /** Whether there is something to settle. */
  readonly isOpen: boolean;
  /** Settles what is left. */
  end(signal: AbortSignal): Promise<void>;
}

/** Options of {@link RunTaints.settle}. */
export interface SettleOptions {
  /** Something that the run started may be alive, and write on. */
  readonly goesOn: boolean;
  readonly signal: AbortSignal;
}

/** Options of {@link createRunTaints}. */
export interface RunTaintsOptions {
  readonly store: FileTaints;
  readonly clock: Clock;
  readonly environment: Environment;
  readonly tenant: string;
  readonly sessionId: string;
}

interface Mark {
  readonly id: string;
  readonly paths: readonly string[];
  readonly label: Label;
  /** Of a call that may write anywhere, when it began; absent where that cannot be found out. */
  readonly since?: string;
  /** What was marked before, and still as it was when it was marked. */
  readonly before: readonly TaintedPath[];
}

// Other processes' words are looked for this often at most: a run of quick steps must not pay for it.
const lookEveryMs = 1_000;
/** So many files are compared with what they were; of more, all count. */
const maxCompared = 50;

/** Makes the {@link RunTaints} of a run. */
export function createRunTaints(options: RunTaintsOptions): RunTaints {
  const { store, clock, environment, tenant, sessionId } = options;
  const { workspace } = environment.info.profile;
  const place = { tenant, workspace };
  const seen = new WeakMap<ReadyCall, readonly TaintedPath[]>();
  const open = new Map<string, Mark>();
  let lookedAt = Number.NEGATIVE_INFINITY;

  const entries = async (signal: AbortSignal): Promise<readonly TaintedPath[]> => {
    const now = clock.now();
    if (now - lookedAt < lookEveryMs) return store.known(place);
    lookedAt = now;
    return await store.list(place, signal);
  };

  const close = async (mark: Mark, signal: AbortSignal): Promise<void> => {
    const isAny = mark.paths.includes(anywhere);
    const written = isAny
      ? await changedFiles(environment, mark, signal)
      : await Promise.all(mark.paths.map((path) => hashed(environment, path, signal)));
    const files = written.map((file) => ({ ...file, label: mark.label }));
    await store.settle(place, { id: mark.id, files }, signal);
    open.delete(mark.id);
  };

  const markOf = ({ effect, prepared }: ReadyEffect, { paths, label }: Tainted): Mark => ({
    id: `${sessionId}/${effect.effectId}`,
    paths,
    label: joinLabels(label, { ...label, origins: [`session:${sessionId}`] }),
    before: seen.get(prepared) ?? [],
  });

  return {
    get isOpen() {
      return open.size > 0;
    },
    labelOf(prepared) {
      const found = seen.get(prepared);
      return found === undefined ? undefined : joinLabels(...found.map(({ label }) => label));
    },
    look(prepared, signal) {
      if (!readsFiles(prepared)) return undefined;
      return entries(signal).then(async (all) => {
        const named = all.filter((entry) => isRead(entry, prepared));
        const found = await unchanged(environment, named, signal);
        if (found.length > 0) seen.set(prepared, found);
      });
    },
    async mark(ready, tainted, signal) {
      const since = tainted.paths.includes(anywhere) ? await timeIn(environment, signal) : undefined;
      const mark = { ...markOf(ready, tainted), ...(since === undefined ? {} : { since }) };
      const paths = mark.paths.map((path) => (path === anywhere ? workspace : path));
      open.set(mark.id, mark);
      await store.open(place, { id: mark.id, paths, label: mark.label }, signal);
    },
    async settle(ready, tainted, { goesOn, signal }) {
      const now = markOf(ready, tainted);
      // It may have been told more meanwhile than was known before it ran.
      const mark = { ...now, ...open.get(now.id), label: now.label };
      if (goesOn && mark.paths.includes(anywhere)) open.set(mark.id, mark);
      else await close(mark, signal);
    },
    async end(signal) {
      for (const mark of open.values()) await close(mark, signal);
    },
  };
}

const anywhere = "*";

/** The files that changed; where that cannot be found out, all of the workspace may have. */
async function changedFiles(
  environment: Environment,
  { since, before }: Mark,
  signal: AbortSignal,
): Promise<readonly WrittenFile[]> {
  const found = since === undefined ? undefined : await changedSince(environment, since, signal);
  if (found === undefined) return [{ path: environment.info.profile.workspace }];
  // The files of a folder that is moved do not change: what is gone may be in any folder that did.
  const isAllThere =
    before.length <= maxCompared && (await unchanged(environment, before, signal)).length === before.length;
  return isAllThere ? found.files : [...found.files, ...found.folders];
}

function readsFiles({ tool, access }: ReadyCall): boolean {
  return (
    tool.showsCommands === true ||
    access.some(({ kind }) => kind === "read" || kind === "write" || kind === "command")
  );
}

/** A command may read anything. */
function isRead({ path: marked }: TaintedPath, { tool, access }: ReadyCall): boolean {
  if (tool.showsCommands === true) return true;
  return access.some((one) => {
    if (one.kind === "command") return true;
    if (one.kind !== "read" && one.kind !== "write") return false;
    return isWithin(marked, one.path) || isWithin(one.path, marked);
  });
}

function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder === "/" ? folder : `${folder}/`);
}

/** Those that are still as they were marked. */
async function unchanged(
  environment: Environment,
  entries: readonly TaintedPath[],
  signal: AbortSignal,
): Promise<readonly TaintedPath[]> {
  if (entries.length > maxCompared) return entries;
  const others = await Promise.all(entries.map((entry) => isOther(environment, entry, signal)));
  return entries.filter((_, index) => others[index] !== true);
}
