import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";

import { isJsonObject, parseJson, TauError } from "@tau/core";
import type { JsonObject } from "@tau/core";
import type { PathPolicy, TransactionSummary, Transactions } from "@tau/tools";
import { assertWritable } from "@tau/tools";

import { commitHeld, recover, tidy, undoCommitted } from "./commit.ts";
import { conflict } from "./conflict.ts";
import type { Stage, TransactionRecord } from "./record.ts";
import { isAlive, readRecord, readStageFile, removeTree, stageOf } from "./record.ts";
import { withStoreLock } from "./store-lock.ts";
import { hashOfChanges } from "./write-set-hash.ts";

/** What was held, committed or undone in one store, for one workspace. */
export interface TransactionStore extends Omit<Transactions, "begin"> {
  /** Ends what dead processes left unfinished, and forgets what is old. */
  recover(signal: AbortSignal): Promise<void>;
}

/** Options of {@link createTransactionStore}. */
export interface TransactionStoreOptions {
  /** An absolute path; one for each tenant, out of sight of commands. */
  readonly store: string;
  /** Decides on what may be committed; its workspace is a real path. */
  readonly policy: PathPolicy;
}

/** Longer than any question waits for its answer. */
const heldMs = 8 * 24 * 60 * 60 * 1_000;
const keptTransactions = 50;

/** Makes a {@link TransactionStore}. */
export function createTransactionStore({ store, policy }: TransactionStoreOptions): TransactionStore {
  const { workspace } = policy.profile;

  const get = async (id: string): Promise<{ readonly stage: Stage; readonly record: TransactionRecord }> => {
    const stage = idStage(store, id);
    const record = stage === undefined ? undefined : await readRecord(stage);
    if (stage === undefined || record?.workspace !== workspace) throw notFound(id);
    return { stage, record };
  };

  const records = async (): Promise<readonly TransactionRecord[]> => {
    const found = await Promise.all((await idsIn(store)).map((id) => readRecord(stageOf(store, id))));
    return found
      .filter((record) => record !== undefined)
      .filter((record) => record.workspace === workspace)
      .toSorted((a, b) => b.startedAt - a.startedAt);
  };

  const settle = async (signal: AbortSignal): Promise<void> => {
    if ((await idsIn(store)).length === 0) return;
    await withStoreLock(store, signal, async () => {
      await removeRemains(store);
      for (const record of await records()) await settleOne(stageOf(store, record.id), record);
      const over = (await records()).filter(({ status }) => status === "committed" || status === "undone");
      for (const { id } of over.slice(keptTransactions)) await removeTree(stageOf(store, id).folder);
    });
  };

  return {
    recover: settle,

    async writeSet(id) {
      const { record } = await get(id);
      return { id, hash: record.hash, changes: record.changes };
    },

    async outcome(id) {
      const { stage } = await get(id);
      return await outcomeOf(stage);
    },

    async diff(id, maxChars) {
      const { stage } = await get(id);
      const text = (await readStageFile(stage.folder, "diff.txt")) ?? "";
      return text.length <= maxChars
        ? text
        : `${text.slice(0, maxChars)}\n… (${text.length - maxChars} characters more)`;
    },

    async commit(id, hash, signal) {
      await withStoreLock(store, signal, async () => {
        const { stage, record } = await get(id);
        if (record.hash !== hash || hashOfChanges(record.changes) !== hash) {
          throw conflict("What is held is not what was decided on, so nothing was carried out");
        }
        if (record.status === "committed") return;
        if (record.status !== "held") throw conflict(`The transaction is ${record.status} already`);
        assertCommittable(record, policy);
        await commitHeld(stage, record);
        for (const path of [stage.upper, join(stage.folder, "work"), stage.coming]) await removeTree(path);
      });
    },

    async discard(id, signal) {
      await withStoreLock(store, signal, async () => {
        const stage = idStage(store, id);
        const record = stage === undefined ? undefined : await readRecord(stage);
        if (stage !== undefined && record?.status === "held") await removeTree(stage.folder);
      });
    },

    async undo(id, signal) {
      await withStoreLock(store, signal, async () => {
        const { stage, record } = await get(id);
        if (record.status === "undone") return;
        if (record.status !== "committed")
          throw conflict(`The transaction is ${record.status}: there is nothing to undo`);
        assertCommittable(record, policy);
        await undoCommitted(stage, record);
      });
    },

    async list(signal) {
      await settle(signal);
      return (await records()).flatMap(summaryOf);
    },
  };
}

function summaryOf({
  id,
  status,
  title,
  startedAt,
  changes,
}: TransactionRecord): readonly TransactionSummary[] {
  // One that is under way elsewhere has nothing to show yet.
  if (status === "open") return [];
  const shown = status === "committing" ? "held" : status === "undoing" ? "committed" : status;
  return [{ id, status: shown, title, startedAt, changes }];
}

/** Throws `environment.denied`. */
function assertCommittable({ changes }: TransactionRecord, policy: PathPolicy): void {
  const { workspace } = policy.profile;
  for (const { path, type, kind } of changes) {
    const real = join(workspace, path);
    assertWritable(policy, real, path);
    if (type === "other" && kind !== "deleted") {
      throw new TauError(
        "environment.denied",
        `Writing ${path} is denied: it is a pipe, a socket or a device. Leave files, folders and links only.`,
      );
    }
  }
}

async function settleOne(stage: Stage, record: TransactionRecord): Promise<void> {
  const { status, owner, room, startedAt } = record;
  const abandoned = !isAlive(owner);
  if (status === "open" && abandoned) await removeTree(stage.folder);
  else if ((status === "committing" || status === "undoing") && abandoned) await recover(stage, record);
  else if ((status === "committed" || status === "undone") && room === "workspace" && abandoned)
    await tidy(stage, record);
  else if (status === "held" && Date.now() - startedAt > heldMs) await removeTree(stage.folder);
}

/** Folders that a process began and was killed before it wrote what they are. */
async function removeRemains(store: string): Promise<void> {
  for (const id of await idsIn(store)) {
    const stage = stageOf(store, id);
    if ((await readRecord(stage)) !== undefined) continue;
    const { mtimeMs } = await stat(stage.folder);
    if (Date.now() - mtimeMs > 60_000) await removeTree(stage.folder);
  }
}

async function idsIn(store: string): Promise<readonly string[]> {
  const names = await readdir(store).catch(() => []);
  return names.filter((name) => /^[0-9a-f]{12}$/u.test(name));
}

function idStage(store: string, id: string): Stage | undefined {
  return /^[0-9a-f]{12}$/u.test(id) ? stageOf(store, id) : undefined;
}

async function outcomeOf({ folder }: Stage): Promise<JsonObject> {
  const parsed = parseJson((await readStageFile(folder, "outcome.json")) ?? "{}");
  return parsed.ok && isJsonObject(parsed.value) ? parsed.value : {};
}

function notFound(id: string): TauError {
  return new TauError(
    "environment.not_found",
    `There is no transaction ${JSON.stringify(id.slice(0, 80))} of this workspace: it was thrown away, or forgotten for its age.`,
  );
}
