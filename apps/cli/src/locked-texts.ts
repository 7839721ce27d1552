import { createHash } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";

// A hash tells that a file changed, not what: the texts that a person agreed to are kept, to be compared with.

/** Longer texts are shown whole. */
const maxBytes = 200_000;

/** Keeps a text that a person agreed to, by its SHA-256. */
export async function keepText(home: string, data: Uint8Array): Promise<void> {
  if (data.length > maxBytes) return;
  const folder = folderOf(home);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, hashOf(data));
  const draft = `${path}.${process.pid}`;
  await writeFile(draft, data, { mode: 0o600 });
  await rename(draft, path);
}

/** The text of this hash, as it was agreed to; undefined when it was not kept, or is not what it was. */
export async function keptText(home: string, sha256: string): Promise<string | undefined> {
  const data = await readFile(join(folderOf(home), sha256)).catch(() => undefined);
  return data === undefined || hashOf(data) !== sha256 ? undefined : data.toString("utf8");
}

function folderOf(home: string): string {
  return join(home, "locked-skills");
}

function hashOf(data: Uint8Array): string {
  return createHash("sha256").update(data).digest("hex");
}
