import { execFile } from "node:child_process";
import { mkdir, rename } from "node:fs/promises";
import { basename, join } from "node:path";
import { promisify } from "node:util";

import { isWithin } from "@tau/tools";

import { mountPoints } from "./mount-points.ts";
import type { Stage } from "./record.ts";
import { removeTree } from "./record.ts";
import { statsOf } from "./tree-fingerprint.ts";

/**
 * Three folders on the file system of the workspace, from which and to which steps rename: those of the stage, where it
 * lies on the same one, else a folder in the workspace that is there only during the commit.
 */
export interface Room extends Pick<Stage, "coming" | "old" | "undone"> {
  readonly place: "stage" | "workspace";
}

/** Opens the room of a transaction, with what its stage keeps for it. */
export async function openRoom(stage: Stage, workspace: string): Promise<Room> {
  if (mountOf(stage.folder) === mountOf(workspace)) {
    const { coming, old, undone } = stage;
    return { place: "stage", coming, old, undone };
  }
  const folder = roomFolder(stage, workspace);
  const path = (name: string): string => join(folder, name);
  if ((await statsOf(folder)) === undefined) {
    await mkdir(folder, { mode: 0o700 });
    await mkdir(path("new"), { mode: 0o700 });
    await mkdir(path("undone"), { mode: 0o700 });
    await copyTree(stage.old, path("old"));
  }
  return { place: "workspace", coming: path("new"), old: path("old"), undone: path("undone") };
}

/** Takes what was set aside to the stage and removes the room from the workspace, if it is there. */
export async function tidyRoom(stage: Stage, room: Room): Promise<void> {
  if (room.place === "stage") return;
  const copied = `${stage.old}.copied`;
  await removeTree(copied);
  await copyTree(room.old, copied);
  await removeTree(stage.old);
  await rename(copied, stage.old);
  await removeTree(join(room.old, ".."));
}

function roomFolder(stage: Stage, workspace: string): string {
  return join(workspace, `.tau-${basename(stage.folder)}`);
}

/** The mount that holds a path: renaming works within one only, also where two show the same disk. */
function mountOf(path: string): string {
  const holding = mountPoints().filter((point) => isWithin(path, point));
  return holding.reduce((deepest, point) => (point.length >= deepest.length ? point : deepest), "/");
}

async function copyTree(from: string, to: string): Promise<void> {
  await promisify(execFile)("cp", ["-a", "--", from, to]);
}
