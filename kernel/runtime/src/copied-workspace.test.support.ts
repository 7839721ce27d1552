import { randomUUID } from "node:crypto";
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { TauError } from "@tau/core";
import type { JsonObject } from "@tau/core";
import { createHostEnvironment } from "@tau/tools";
import type { FileChange, OwnedEnvironment, Transaction, Transactions, WriteSet } from "@tau/tools";

interface Held {
  readonly set: WriteSet;
  readonly copy: string;
  readonly before: Readonly<Record<string, string>>;
  readonly outcome: JsonObject;
  committed: boolean;
}

/** A workspace of plain files whose transactions are copies of the whole folder; they outlive the environment. */
export interface CopiedWorkspace extends Disposable {
  readonly folder: string;
  readonly held: ReadonlyMap<string, Held>;
  /** How many commands ran, on copies and not. */
  runs(): { readonly copies: number; readonly plainly: number };
  open(): OwnedEnvironment;
}

/** Makes a {@link CopiedWorkspace} with one file, `a.txt`. */
export function copiedWorkspace(): CopiedWorkspace {
  const folder = mkdtempSync(join(tmpdir(), "tau-copied-"));
  writeFileSync(join(folder, "a.txt"), "a\n");
  const held = new Map<string, Held>();
  const copyFolders: string[] = [];
  let [copies, plainly] = [0, 0];

  const environmentOf = (workspace: string, count: () => void): OwnedEnvironment => {
    const host = createHostEnvironment({ profile: { access: "workspace-write", workspace, network: false } });
    const info = { ...host.info, kind: "copy", enforced: true, profileHash: "copied" };
    return {
      ...host,
      info,
      exec(request, signal) {
        count();
        return host.exec({ ...request, cwd: workspace }, signal);
      },
      start(request, signal) {
        if (workspace !== folder)
          return Promise.reject(new TauError("environment.denied", "Nothing may live on."));
        count();
        return host.start({ ...request, cwd: workspace }, signal);
      },
    };
  };

  const get = (id: string): Held => {
    const one = held.get(id);
    if (one === undefined) throw new TauError("environment.not_found", "There is no such transaction.");
    return one;
  };

  const begin = (): Transaction => {
    const copy = mkdtempSync(join(tmpdir(), "tau-copy-"));
    copyFolders.push(copy);
    cpSync(folder, copy, { recursive: true });
    const before = filesOf(folder);
    const id = randomUUID();
    return {
      id,
      environment: environmentOf(copy, () => copies++),
      hold(outcome) {
        const set = writeSetOf(id, before, filesOf(copy));
        if (set.changes.length > 0) held.set(id, { set, copy, before, outcome, committed: false });
        return Promise.resolve(set);
      },
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  };

  const transactions: Transactions = {
    begin: () => Promise.resolve(begin()),
    writeSet: async (id) => get(id).set,
    outcome: async (id) => get(id).outcome,
    diff: async (id) =>
      get(id)
        .set.changes.map(({ path, kind }) => `${kind} ${path}`)
        .join("\n"),
    async commit(id, hash) {
      const one = get(id);
      if (one.committed) return;
      const now = filesOf(folder);
      const changed = one.set.changes.some(({ path }) => now[path] !== one.before[path]);
      if (one.set.hash !== hash || changed)
        throw new TauError("environment.conflict", "The workspace changed.");
      for (const { path, kind } of one.set.changes) {
        if (kind === "deleted") rmSync(join(folder, path));
        else cpSync(join(one.copy, path), join(folder, path));
      }
      one.committed = true;
    },
    discard: (id) => {
      held.delete(id);
      return Promise.resolve();
    },
    undo: () => Promise.reject(new TypeError("Nothing is undone here.")),
    list: () => Promise.resolve([]),
  };

  return {
    folder,
    held,
    runs: () => ({ copies, plainly }),
    open: () => ({ ...environmentOf(folder, () => plainly++), transactions }),
    [Symbol.dispose]() {
      for (const one of [folder, ...copyFolders]) rmSync(one, { recursive: true, force: true });
    },
  };
}

/** The texts of a folder's files, by name. */
function filesOf(folder: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    readdirSync(folder)
      .filter((name) => existsSync(join(folder, name)))
      .map((name) => [name, readFileSync(join(folder, name), "utf8")]),
  );
}

function writeSetOf(
  id: string,
  before: Readonly<Record<string, string>>,
  after: Readonly<Record<string, string>>,
): WriteSet {
  const paths = [...new Set([...Object.keys(before), ...Object.keys(after)])].filter(
    (path) => before[path] !== after[path],
  );
  const changes = paths.toSorted().map((path): FileChange => {
    const kind = before[path] === undefined ? "created" : after[path] === undefined ? "deleted" : "changed";
    return { path, kind, type: "file", size: after[path]?.length ?? 0, mode: 0o644 };
  });
  return { id, hash: JSON.stringify(changes), changes };
}
