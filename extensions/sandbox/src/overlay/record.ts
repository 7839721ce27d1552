import { randomBytes } from "node:crypto";
import { chmod, mkdir, open, readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";

import { isJsonObject, parseJson } from "@tau/core";
import type { FileChange } from "@tau/tools";

import { startTime } from "../process-start.ts";
import type { Step } from "./steps.ts";
import { isSystemError } from "./system-error.ts";

/** Everything known of a transaction, beside its layer. */
export interface TransactionRecord {
  readonly version: 1;
  readonly id: string;
  /** A real path. */
  readonly workspace: string;
  readonly title: string;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** Where what it sets aside is: see `room.ts`. */
  readonly room: "stage" | "workspace";
  readonly status: "open" | "held" | "committing" | "committed" | "undoing" | "undone" | "stuck";
  /** The process that is at work on it. */
  readonly owner: ProcessIdentity;
  readonly hash: string;
  readonly changes: readonly FileChange[];
  readonly steps: readonly Step[];
  /** Fingerprints of what the steps replace or remove, by path, as the command left them. */
  readonly before: Readonly<Record<string, string>>;
  /** Fingerprints of what a commit put in place, by path. */
  readonly after: Readonly<Record<string, string>>;
}

/** A process, also after its id was given to another. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly startedAt: string;
}

/** This process. */
export function thisProcess(): ProcessIdentity {
  return { pid: process.pid, startedAt: startTime(process.pid) ?? "" };
}

/** Whether the process lives; this one always does. */
export function isAlive({ pid, startedAt }: ProcessIdentity): boolean {
  return startTime(pid) === startedAt;
}

/** The folders of one transaction, below that of its store. */
export interface Stage {
  readonly folder: string;
  /** The layer, as the kernel mounts it. */
  readonly upper: string;
  /** What a commit puts in place, what it sets aside, and what an undo takes back. */
  readonly coming: string;
  readonly old: string;
  readonly undone: string;
}

/** The stage of a transaction; `id` is checked, for it may come from a command line. */
export function stageOf(store: string, id: string): Stage {
  if (!/^[0-9a-f]{12}$/u.test(id))
    throw new RangeError(`${JSON.stringify(id.slice(0, 80))} is no id of a transaction.`);
  const folder = join(store, id);
  const path = (name: string): string => join(folder, name);
  return { folder, upper: path("upper"), coming: path("new"), old: path("old"), undone: path("undone") };
}

/** An id that no transaction of the store has: 12 hexadecimal digits. */
export function newTransactionId(): string {
  return randomBytes(6).toString("hex");
}

/** Makes the folders of a new transaction. Only this user may look into them: they show what the workspace will be. */
export async function makeStage({ folder, upper, coming, old, undone }: Stage): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  for (const path of [upper, join(folder, "work"), coming, old, undone]) await mkdir(path, { mode: 0o700 });
}

/** Writes a record so that a reader, also after a crash, sees the old one or the new one. */
export async function writeRecord({ folder }: Stage, record: TransactionRecord): Promise<void> {
  await writeWhole(folder, "record.json", JSON.stringify(record));
}

/** Writes a file of a stage, all of it or nothing. */
export async function writeWhole(folder: string, name: string, text: string): Promise<void> {
  const temporary = join(folder, `.${name}.${randomBytes(4).toString("hex")}`);
  {
    await using file = await open(temporary, "wx", 0o600);
    await file.writeFile(text);
    await file.sync();
  }
  await rename(temporary, join(folder, name));
  await using directory = await open(folder, "r");
  await directory.sync();
}

/** Undefined when there is none, or none that was ever complete. */
export async function readRecord({ folder }: Pick<Stage, "folder">): Promise<TransactionRecord | undefined> {
  const text = await readStageFile(folder, "record.json");
  const parsed = text === undefined ? undefined : parseJson(text);
  return parsed?.ok === true && isRecord(parsed.value) ? parsed.value : undefined;
}

/** The text of a file of a stage; undefined when there is none. */
export async function readStageFile(folder: string, name: string): Promise<string | undefined> {
  try {
    return await readFile(join(folder, name), "utf8");
  } catch (error) {
    if (isSystemError(error, "ENOENT")) return undefined;
    throw error;
  }
}

/** Trusts the fields: only this package writes here, below a folder that no command sees. */
function isRecord(value: unknown): value is TransactionRecord {
  return isJsonObject(value) && value["version"] === 1 && Array.isArray(value["steps"]);
}

/** Removes a stage, or a part of it, also folders that a command or the kernel closed to everybody. */
export async function removeTree(path: string): Promise<void> {
  try {
    await rm(path, { recursive: true, force: true });
  } catch (error) {
    if (!isSystemError(error, "EACCES") && !isSystemError(error, "EPERM")) throw error;
    await openFolders(path);
    await rm(path, { recursive: true, force: true });
  }
}

async function openFolders(path: string): Promise<void> {
  // What is gone already needs no opening.
  await chmod(path, 0o700).catch(() => undefined);
  for (const entry of await readdir(path, { withFileTypes: true }).catch(() => [])) {
    if (entry.isDirectory()) await openFolders(join(path, entry.name));
  }
}
