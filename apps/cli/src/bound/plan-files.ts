import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { lstat, open, readdir, realpath } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { join } from "node:path";

import { TauError } from "@tau/core";

/** Where plans are, below the folder that the agent works in. */
export const planFolder = "plans";

/** The most that a plan may have, and the most plans that are listed. */
const [maxBytes, maxPlans] = [262_144, 200];

/** A plan as it is in its file. */
export interface PlanFile {
  /** Absolute. */
  readonly file: string;
  /** Relative to the folder that is worked in. */
  readonly path: string;
  readonly text: string;
  /** Of its bytes, in hexadecimal. */
  readonly sha256: string;
  /** When it was last written, in milliseconds since the epoch. */
  readonly writtenAt: number;
}

/**
 * Reads a plan of `folder`; nothing that lies elsewhere, whatever links there are.
 *
 * @throws TauError `plan.not_found`
 */
export async function readPlan(folder: string, path: string): Promise<PlanFile> {
  const root = await realpath(folder);
  const file = join(root, path);
  const missing = (why: string): TauError =>
    new TauError("plan.not_found", `${JSON.stringify(path)} is no plan of the session's folder: ${why}.`);
  if (!file.startsWith(root === "/" ? root : `${root}/`)) throw missing("it lies outside");
  await using held = await openPlain(file);
  if (held === undefined) throw missing("there is no such file");
  const { size, mtimeMs } = await held
    .stat()
    .then((found) => (found.isFile() ? found : { size: -1, mtimeMs: 0 }));
  if (size === -1 || (await realpath(file).catch(() => "")) !== file)
    throw missing("it is no file of its own");
  if (size > maxBytes) throw missing(`it has more than ${maxBytes} bytes`);
  const bytes = await held.readFile();
  return { file, path, text: bytes.toString("utf8"), sha256: sha256(bytes), writtenAt: mtimeMs };
}

/** The plans that there are in `folder`, the one written last first. */
export async function plansIn(folder: string): Promise<readonly PlanFile[]> {
  const names = await readdir(join(folder, planFolder)).catch((): readonly string[] => []);
  const files = await Promise.all(
    names
      .filter((name) => name.endsWith(".md"))
      .map(async (name) => ({ name, writtenAt: await timeOf(join(folder, planFolder, name)) })),
  );
  const latest = files.toSorted(byTime).slice(0, maxPlans);
  const found = await Promise.all(
    latest.map(async ({ name }) => await readPlan(folder, join(planFolder, name)).catch(() => undefined)),
  );
  return found.flatMap((plan) => (plan === undefined ? [] : [plan])).toSorted(byTime);
}

/** When something was last written; what is no file, or gone, comes after all that is. */
async function timeOf(path: string): Promise<number> {
  const found = await lstat(path).catch(() => undefined);
  return found?.isFile() === true ? found.mtimeMs : Number.NEGATIVE_INFINITY;
}

function byTime(one: Pick<PlanFile, "writtenAt">, other: Pick<PlanFile, "writtenAt">): number {
  return other.writtenAt === one.writtenAt ? 0 : other.writtenAt - one.writtenAt;
}

/** The hash of a plan's file as it is now; undefined when there is none, or something else in its place. */
export async function hashOf(file: string): Promise<string | undefined> {
  await using held = await openPlain(file);
  const found = await held?.stat();
  if (held === undefined || found?.isFile() !== true || found.size > maxBytes) return undefined;
  return sha256(await held.readFile());
}

/** Opens a file where it is, never through a link at its end, and waits for nobody who could write to a pipe there. */
async function openPlain(file: string): Promise<FileHandle | undefined> {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  return await open(file, flags).catch(() => undefined);
}

function sha256(data: Uint8Array): string {
  return createHash("sha256").update(data).digest("hex");
}
