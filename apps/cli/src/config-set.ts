import { createHash } from "node:crypto";
import type { Dirent } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";

/** Folders of `.tau` with a trust of their own, or none to give. */
const elsewhere = new Set(["skills", "plans"]);
const maxFiles = 200;

/** A file that steers Tau in a folder, beside its tau.toml. */
interface ConfigFileEntry {
  /** Relative to the folder. */
  readonly path: string;
  readonly sha256: string;
}

/**
 * Everything by which a folder steers Tau, in one text: the tau.toml and, if there are any, the hashes of `.mcp.json` and of
 * what is in `.tau`. Who trusts it trusts all of it; a change to any of it is a change.
 */
export async function configSetText(path: string, text: string): Promise<string> {
  const entries = await configEntries(dirname(path));
  if (entries.length === 0) return text;
  const lines = entries.map((entry) => `${entry.sha256}  ${entry.path}`);
  return `${text}\n# and beside it exactly this content:\n${lines.join("\n")}\n`;
}

/** The files of the set beside the tau.toml, by name. */
async function configEntries(folder: string): Promise<readonly ConfigFileEntry[]> {
  const found = await readdir(join(folder, ".tau"), { withFileTypes: true, recursive: true }).catch(
    (): readonly Dirent[] => [],
  );
  const inside = found
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .filter((path) => !elsewhere.has(path.split("/")[1] ?? ""));
  const paths = [".mcp.json", ...inside].toSorted((a, b) => (a < b ? -1 : 1)).slice(0, maxFiles);
  const entries = await Promise.all(
    paths.map(async (path) => {
      const content = await readFile(join(folder, path)).catch(() => undefined);
      return content === undefined
        ? []
        : [{ path, sha256: createHash("sha256").update(content).digest("hex") }];
    }),
  );
  return entries.flat();
}
