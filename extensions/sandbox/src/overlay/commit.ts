import { mkdir } from "node:fs/promises";
import { join } from "node:path";

import { conflict } from "./conflict.ts";
import { fillRoom } from "./fill-room.ts";
import type { Stage, TransactionRecord } from "./record.ts";
import { removeTree, thisProcess, writeRecord } from "./record.ts";
import type { Room } from "./room.ts";
import { openRoom, tidyRoom } from "./room.ts";
import { pathsThatChanged, runSteps } from "./run-steps.ts";
import type { StepPlaces } from "./run-steps.ts";
import { inverted } from "./steps.ts";
import { treeFingerprint } from "./tree-fingerprint.ts";

/**
 * Carries out a held transaction: copies everything next to where it goes, checks that the workspace is as the command
 * left it, writes down what it is about to do, and renames. What fails on the way is taken back.
 *
 * Throws `environment.conflict`.
 */
export async function commitHeld(stage: Stage, record: TransactionRecord): Promise<TransactionRecord> {
  const room = await openRoom(stage, record.workspace);
  const places: StepPlaces = { workspace: record.workspace, from: room.coming, to: room.old };
  try {
    await removeTree(room.coming);
    await mkdir(room.coming, { mode: 0o700 });
    const other = await fillRoom(record.steps, record.changes, { upper: stage.upper, room: room.coming });
    if (other !== undefined) throw conflict("What was held is not what was decided on", [other]);
    const changed = await pathsThatChanged(record.steps, places, record.before);
    if (changed.length > 0)
      throw conflict("The workspace changed meanwhile, so nothing was carried out", changed);
  } catch (error) {
    await tidyRoom(stage, room);
    throw error;
  }
  const begun = await proceed(stage, {
    ...record,
    status: "committing",
    owner: thisProcess(),
    room: room.place,
  });
  try {
    await runSteps(record.steps, places);
  } catch (error) {
    await runSteps(inverted(record.steps), { ...places, from: room.old, to: room.coming });
    await writeRecord(stage, { ...begun, status: "held", room: "stage" });
    await tidyRoom(stage, room);
    throw error;
  }
  return await committed(stage, begun, room);
}

/** Puts back what was before a committed transaction. Throws `environment.conflict`. */
export async function undoCommitted(stage: Stage, record: TransactionRecord): Promise<TransactionRecord> {
  const room = await openRoom(stage, record.workspace);
  const places: StepPlaces = { workspace: record.workspace, from: room.old, to: room.undone };
  const steps = inverted(record.steps);
  const changed = await pathsThatChanged(steps, places, record.after);
  if (changed.length > 0) {
    await tidyRoom(stage, room);
    throw conflict("The workspace changed since, so nothing was undone", changed);
  }
  const begun = await proceed(stage, {
    ...record,
    status: "undoing",
    owner: thisProcess(),
    room: room.place,
  });
  try {
    await runSteps(steps, places);
  } catch (error) {
    await runSteps(record.steps, { ...places, from: room.undone, to: room.old });
    await committed(stage, begun, room);
    throw error;
  }
  return await undone(stage, begun, room);
}

/**
 * Ends what a process was killed in: finishes it where the workspace is still as it should be, else takes it back. What
 * a step had put in place meanwhile is set aside, not deleted.
 */
export async function recover(stage: Stage, record: TransactionRecord): Promise<TransactionRecord> {
  const { workspace, steps } = record;
  const room = await openRoom(stage, workspace);
  const forth: StepPlaces = { workspace, from: room.coming, to: room.old };
  const back: StepPlaces = { workspace, from: room.old, to: room.undone };
  try {
    if (record.status === "undoing") {
      const changed = await pathsThatChanged(inverted(steps), back, record.after);
      if (changed.length === 0) {
        await runSteps(inverted(steps), back);
        return await undone(stage, record, room);
      }
      await runSteps(steps, { ...back, from: room.undone, to: room.old });
      return await committed(stage, record, room);
    }
    const changed = await pathsThatChanged(steps, forth, record.before);
    if (changed.length === 0) {
      await runSteps(steps, forth);
      return await committed(stage, record, room);
    }
    await runSteps(inverted(steps), { ...forth, from: room.old, to: room.coming });
    return await undone(stage, record, room);
  } catch {
    // Neither way is open: the pieces stay where they are, for a person to look at.
    return await proceed(stage, { ...record, status: "stuck" });
  }
}

/** Takes the room of a commit or undo out of the workspace, when a process was killed before it did. */
export async function tidy(stage: Stage, record: TransactionRecord): Promise<TransactionRecord> {
  await tidyRoom(stage, await openRoom(stage, record.workspace));
  return await proceed(stage, { ...record, room: "stage" });
}

async function committed(stage: Stage, record: TransactionRecord, room: Room): Promise<TransactionRecord> {
  const after: Record<string, string> = {};
  for (const step of record.steps) {
    if (step.kind === "put") after[step.path] = await treeFingerprint(join(record.workspace, step.path));
  }
  const there = await proceed(stage, { ...record, status: "committed", after });
  await tidyRoom(stage, room);
  return await proceed(stage, { ...there, room: "stage" });
}

async function undone(stage: Stage, record: TransactionRecord, room: Room): Promise<TransactionRecord> {
  const there = await proceed(stage, { ...record, status: "undone" });
  await tidyRoom(stage, room);
  return await proceed(stage, { ...there, room: "stage" });
}

async function proceed(stage: Stage, record: TransactionRecord): Promise<TransactionRecord> {
  await writeRecord(stage, record);
  return record;
}
