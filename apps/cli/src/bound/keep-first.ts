import { link, mkdir, open, readFile, rm } from "node:fs/promises";
import { dirname, join } from "node:path";

import { uuidv7 } from "@tau/core";

/**
 * Writes a file of `folder`, whole or not at all, unless there is one of that name already; answers what is in it then. Durable
 * when it resolves, whoever wrote it.
 */
export async function keepFirst(folder: string, name: string, text: string): Promise<string> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const [path, draft] = [join(folder, name), join(folder, `${name}.${uuidv7()}`)];
  try {
    await using file = await open(draft, "wx", 0o600);
    await file.writeFile(text);
    await file.sync();
    await link(draft, path);
  } catch (error) {
    if (!isCode(error, "EEXIST")) throw error;
  } finally {
    await rm(draft, { force: true });
  }
  await syncFolder(folder);
  await syncFolder(dirname(folder));
  return await readFile(path, "utf8");
}

/** The text of a file; undefined when there is none. */
export async function textIn(path: string): Promise<string | undefined> {
  return await readFile(path, "utf8").catch((error: unknown) => {
    if (isCode(error, "ENOENT")) return undefined;
    throw error;
  });
}

/** Makes the names in a folder durable. */
async function syncFolder(folder: string): Promise<void> {
  // Windows does so itself, and does not open folders.
  if (process.platform === "win32") return;
  await using opened = await open(folder, "r");
  // Some file systems refuse to sync a folder; the content of its files is safe by then.
  await opened.sync().catch(() => undefined);
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
