import { readdir, readFile } from "node:fs/promises";
import { extname, join, relative } from "node:path";

import type { KnowledgeSource } from "./knowledge-module.ts";

/** Options of {@link createFolderSource}. */
export interface FolderSourceOptions {
  /** Absolute. */
  readonly folder: string;
  /** Endings of files that are documents. Default `.md`, `.txt`. */
  readonly endings?: readonly string[];
}

/** Makes a {@link KnowledgeSource} of the text files below a folder; ids are their paths in it. Links are not followed. */
export function createFolderSource({
  folder,
  endings = [".md", ".txt"],
}: FolderSourceOptions): KnowledgeSource {
  return {
    async *read(signal) {
      const entries = await readdir(folder, { recursive: true, withFileTypes: true });
      const paths = entries
        .filter((entry) => entry.isFile() && endings.includes(extname(entry.name).toLowerCase()))
        .map((entry) => join(entry.parentPath, entry.name))
        .toSorted();
      for (const path of paths) {
        signal.throwIfAborted();
        yield { id: relative(folder, path), text: await readFile(path, "utf8") };
      }
    },
  };
}
