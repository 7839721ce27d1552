import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { onTestFinished } from "vitest";

/** Never aborts. */
export const signal: AbortSignal = new AbortController().signal;

/** Makes a folder, which is removed when the test is over. */
export async function createFolder(): Promise<string> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), "tau-memory-")));
  onTestFinished(async () => await rm(folder, { recursive: true, force: true }));
  return folder;
}
