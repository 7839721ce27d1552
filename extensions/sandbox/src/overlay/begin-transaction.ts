import { execFile } from "node:child_process";
import { symlink } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

import { TauError } from "@tau/core";
import type { JsonObject } from "@tau/core";
import type {
  Environment,
  ExecRequest,
  ExecResult,
  FileChange,
  GuardedFiles,
  Transaction,
  WriteSet,
} from "@tau/tools";
import { isBelow } from "@tau/tools";

import { conflict } from "./conflict.ts";
import { layerChanges } from "./layer-changes.ts";
import { layerDiff } from "./layer-diff.ts";
import type { LayerMounter } from "./layer-mount.ts";
import { createMergedNames } from "./merged-names.ts";
import { mountPoints } from "./mount-points.ts";
import type { Stage, TransactionRecord } from "./record.ts";
import {
  makeStage,
  newTransactionId,
  removeTree,
  stageOf,
  thisProcess,
  writeRecord,
  writeWhole,
} from "./record.ts";
import { stepsOf } from "./steps.ts";
import { statsOf, treeFingerprint } from "./tree-fingerprint.ts";
import { hashOfChanges } from "./write-set-hash.ts";

/** What a transaction is begun with. */
export interface TransactionHost {
  readonly store: string;
  readonly mounter: LayerMounter;
  readonly info: Environment["info"];
  readonly files: GuardedFiles;
  /** Runs a command where the workspace is covered by the layer of `stage`. */
  run(request: ExecRequest, signal: AbortSignal, stage: string): Promise<ExecResult>;
}

/** Begins a transaction. Throws `environment.failed` where no layer can be put over the workspace. */
export async function beginTransaction(host: TransactionHost, title: string): Promise<Transaction> {
  const { workspace } = host.info.profile;
  const [mounted] = mountPoints().filter((point) => isBelow(point, workspace));
  if (mounted !== undefined) throw cannot(`another file system is mounted in it, at ${mounted}.`);
  const stage = stageOf(host.store, newTransactionId());
  await makeStage(stage);
  await symlink(workspace, join(stage.folder, "lower"));
  const record = newRecord(stage, workspace, title);
  await writeRecord(stage, record);
  // The kernel's own clock: its times are compared with those of files that change from now on.
  const since = (await statsOf(join(stage.folder, "record.json")))?.ctimeNs ?? 0n;
  let open = true;
  return {
    id: record.id,
    environment: layeredEnvironment(host, stage),
    async hold(outcome) {
      const held = await hold({ host, stage, record, since }, outcome);
      open = false;
      return held;
    },
    async [Symbol.asyncDispose]() {
      if (open) await removeTree(stage.folder);
      open = false;
    },
  };
}

/** Tries whether a layer can be put over the workspace and written. Throws `environment.failed`. */
export async function assertLayerWorks({ store, mounter, info }: TransactionHost): Promise<void> {
  const { workspace } = info.profile;
  const stage = stageOf(store, newTransactionId());
  await makeStage(stage);
  try {
    await symlink(workspace, join(stage.folder, "lower"));
    const [program = "", ...args] = mounter.prefix(stage.folder, workspace);
    await promisify(execFile)(program, [...args, "/bin/sh", "-c", ': > "$0/.tau-layer"', workspace]);
    if ((await statsOf(join(stage.upper, ".tau-layer"))) === undefined)
      throw cannot("what is written does not stay in it.");
  } catch (error) {
    if (error instanceof TauError) throw error;
    const said =
      error instanceof Error && "stderr" in error ? String(error.stderr).trim().split("\n")[0] : "";
    throw cannot(
      `the system refuses it (${said}). Keep Tau's data on an ordinary disk, and own the workspace.`,
      error,
    );
  } finally {
    await removeTree(stage.folder);
  }
}

function cannot(why: string, cause?: unknown): TauError {
  return new TauError("environment.failed", `Laying a copy over the workspace failed: ${why}`, { cause });
}

function newRecord(stage: Stage, workspace: string, title: string): TransactionRecord {
  return {
    version: 1,
    id: stage.folder.slice(-12),
    workspace,
    title,
    startedAt: Date.now(),
    status: "open",
    room: "stage",
    owner: thisProcess(),
    hash: "",
    changes: [],
    steps: [],
    before: {},
    after: {},
  };
}

function layeredEnvironment({ info, files, run }: TransactionHost, stage: Stage): Environment {
  return {
    info,
    ...files,
    exec: (request, signal) => run(request, signal, stage.folder),
    start: () => Promise.reject(refused("Starting a process", "its write set would never be complete")),
    writeFile: (path) => Promise.reject(refused(`Writing ${path}`, "only commands write in a transaction")),
  };
}

function refused(operation: string, why: string): TauError {
  return new TauError("environment.denied", `${operation} is denied: ${why}.`);
}

interface Open {
  readonly host: TransactionHost;
  readonly stage: Stage;
  readonly record: TransactionRecord;
  readonly since: bigint;
}

async function hold({ host, stage, record, since }: Open, outcome: JsonObject): Promise<WriteSet> {
  const { id, workspace } = record;
  const places = { upper: stage.upper, workspace };
  const changes = await layerChanges(places, createMergedNames(host.mounter, stage.folder, workspace));
  const hash = hashOfChanges(changes);
  try {
    const moved = await changedSince(changes, workspace, since);
    if (moved.length > 0)
      throw conflict("The workspace changed while the command ran on a copy of it", moved);
    if (changes.length === 0) {
      await removeTree(stage.folder);
      return { id, hash, changes };
    }
    const steps = stepsOf(changes);
    const before: Record<string, string> = {};
    for (const step of steps) {
      const replaces = step.kind === "remove" || (step.kind === "put" && step.replaces);
      if (replaces) before[step.path] = await treeFingerprint(join(workspace, step.path));
    }
    await writeWhole(stage.folder, "diff.txt", await layerDiff(changes, places, host.files));
    await writeWhole(stage.folder, "outcome.json", JSON.stringify(outcome));
    await writeRecord(stage, { ...record, status: "held", hash, changes, steps, before });
    return { id, hash, changes };
  } catch (error) {
    await removeTree(stage.folder);
    throw error;
  }
}

/** What somebody else changed since, of what the command replaced: it saw another content than there is now. */
async function changedSince(
  changes: readonly FileChange[],
  workspace: string,
  since: bigint,
): Promise<readonly string[]> {
  const changed: string[] = [];
  for (const { path, kind } of changes) {
    if (kind === "created") continue;
    const stats = await statsOf(join(workspace, path));
    if (stats === undefined || stats.ctimeNs > since) changed.push(path);
  }
  return changed;
}
