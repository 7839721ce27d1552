import { dirname } from "node:path";

import type { FileChange } from "@tau/tools";

/**
 * One move of a commit. `n` names what is put in place, or set aside, in the transaction's room.
 *
 * - `put`: moves a file, a link or a whole new folder to `path`, setting aside what was there if it `replaces` it
 * - `remove`: sets aside what is at `path`
 * - `mode`: changes a folder's permission bits
 */
export type Step =
  | { readonly kind: "put"; readonly path: string; readonly n: number; readonly replaces: boolean }
  | { readonly kind: "remove"; readonly path: string; readonly n: number }
  | { readonly kind: "mode"; readonly path: string; readonly mode: number; readonly before: number };

/**
 * The fewest moves that carry out `changes`: a new or a deleted folder is one, whatever is in it. Removals come first,
 * because something new may take their place; modes come last, because a folder may be closed by them.
 */
export function stepsOf(changes: readonly FileChange[]): readonly Step[] {
  const [created, deleted] = [pathsOf(changes, "created"), pathsOf(changes, "deleted")];
  let n = 0;
  const closed = new Map(
    changes.filter(isClosedFolder).map(({ path, kind, mode }) => [`${kind} ${path}`, mode]),
  );
  const removals = topmost(deleted).flatMap((path): readonly Step[] => {
    const before = closed.get(`deleted ${path}`);
    const open: readonly Step[] =
      before === undefined ? [] : [{ kind: "mode", path, mode: before | ownersBits, before }];
    return [...open, { kind: "remove", path, n: n++ }];
  });
  const creations = topmost(created).map((path): Step => ({ kind: "put", path, n: n++, replaces: false }));
  const closings = topmost(created).flatMap((path): readonly Step[] => {
    const mode = closed.get(`created ${path}`);
    return mode === undefined ? [] : [{ kind: "mode", path, mode, before: mode | ownersBits }];
  });
  const changed = changes.filter(({ kind }) => kind === "changed");
  const replacements = changed
    .filter(({ type }) => type !== "folder")
    .map(({ path }): Step => ({ kind: "put", path, n: n++, replaces: true }));
  const modes = changed
    .filter(({ type }) => type === "folder")
    .map(({ path, mode, modeBefore = mode }): Step => ({ kind: "mode", path, mode, before: modeBefore }));
  return [...removals, ...creations, ...replacements, ...closings, ...modes.toReversed()];
}

/** What the owner of a folder needs to move it. */
const ownersBits = 0o700;

/** The mode with which a new folder is moved: a closed one is closed where it belongs. */
export function movableMode(mode: number): number {
  return mode | ownersBits;
}

function isClosedFolder({ kind, type, mode }: FileChange): boolean {
  return kind !== "changed" && type === "folder" && (mode & ownersBits) !== ownersBits;
}

/** The moves that take back `steps`, in their order. What was put comes from where it was set aside, and the reverse. */
export function inverted(steps: readonly Step[]): readonly Step[] {
  return steps.toReversed().map((step) => {
    if (step.kind === "mode") return { ...step, mode: step.before, before: step.mode };
    if (step.kind === "remove") return { kind: "put", path: step.path, n: step.n, replaces: false };
    return step.replaces ? step : { kind: "remove", path: step.path, n: step.n };
  });
}

function pathsOf(changes: readonly FileChange[], kind: FileChange["kind"]): ReadonlySet<string> {
  return new Set(changes.filter((change) => change.kind === kind).map(({ path }) => path));
}

function topmost(paths: ReadonlySet<string>): readonly string[] {
  return [...paths].filter((path) => !paths.has(dirname(path)));
}
