import { createHash } from "node:crypto";
import type { Dirent } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { dirname, join, relative } from "node:path";

import { TauError } from "@tau/core";
import { readSmallFile } from "@tau/core/files";

/** Folders of `.tau` with a trust of their own, or none to give. */
const elsewhere = new Set(["skills", "plans"]);
const [maxFiles, maxFileBytes] = [2_000, 16_777_216];

/** A file that steers Tau in a folder, beside its tau.toml. */
interface ConfigFileEntry {
  /** Relative to the folder. */
  readonly path: string;
  readonly sha256: string;
}

/**
 * Everything by which a folder steers Tau, in one text: the tau.toml and, if there are any, the hashes of `.mcp.json` and of
 * what is in `.tau`. Who trusts it trusts all of it; a change to any of it is a change.
 *
 * @throws TauError `config.not_trustable`
 */
export async function configSetText(path: string, text: string): Promise<string> {
  const entries = await configEntries(dirname(path));
  if (entries.length === 0) return text;
  const lines = entries.map((entry) => `${entry.sha256}  ${written(entry.path)}`);
  return `${text}\n# and beside it exactly this content:\n${lines.join("\n")}\n`;
}

/** The files of the set beside the tau.toml, by name. */
async function configEntries(folder: string): Promise<readonly ConfigFileEntry[]> {
  const inside = (await listed(folder))
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .filter((path) => !elsewhere.has(path.split("/")[1] ?? ""))
    .toSorted((a, b) => (a < b ? -1 : 1));
  if (inside.length > maxFiles) throw notTrustable(folder, `holds more than ${maxFiles} files`);
  const own = await hashOf(join(folder, ".mcp.json"));
  const entries: ConfigFileEntry[] = own === undefined ? [] : [{ path: ".mcp.json", sha256: own }];
  for (const path of inside) {
    const sha256 = await hashOf(join(folder, path));
    // What is behind a link to a folder changes without a change here.
    if (sha256 === undefined)
      throw notTrustable(folder, `holds ${JSON.stringify(path)}, which is no file that can be read`);
    entries.push({ path, sha256 });
  }
  return entries;
}

/** What is in `.tau`, at every depth; nothing where there is none. */
async function listed(folder: string): Promise<readonly Dirent[]> {
  const tau = join(folder, ".tau");
  const there = await stat(tau).catch(() => undefined);
  if (there?.isDirectory() !== true) return [];
  try {
    return await readdir(tau, { withFileTypes: true, recursive: true });
  } catch {
    // What cannot be listed may still be opened by whoever knows its name.
    throw notTrustable(folder, "cannot be read whole");
  }
}

async function hashOf(file: string): Promise<string | undefined> {
  try {
    return createHash("sha256")
      .update(await readSmallFile(file, maxFileBytes))
      .digest("hex");
  } catch {
    return undefined;
  }
}

/** A path in one line that no other path is written as. */
function written(path: string): string {
  return /["\\\p{Cc}\p{Zl}\p{Zp}]/u.test(path) ? JSON.stringify(path) : path;
}

function notTrustable(folder: string, problem: string): TauError {
  return new TauError("config.not_trustable", `${join(folder, ".tau")} ${problem}: remove it.`);
}
