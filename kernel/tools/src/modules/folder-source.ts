import { readdir } from "node:fs/promises";
import { extname, join, relative } from "node:path";

import { isTauError } from "@tau/core";
import { readTextFile } from "@tau/core/files";

import type { KnowledgeSource } from "./knowledge-module.ts";

/** Options of {@link createFolderSource}. */
export interface FolderSourceOptions {
  /** Absolute. */
  readonly folder: string;
  /** Endings of files that are documents. Default `.md`, `.txt`. */
  readonly endings?: readonly string[];
  /**
   * Tells of an absolute path whether it may be read: what the rules of an agent deny must not come in by its documents.
   * Asked of every file before it is opened. Default: every file.
   */
  readonly mayRead?: (path: string) => boolean;
}

/** Larger files are no documents. */
const maxBytes = 20_000_000;

/**
 * Makes a {@link KnowledgeSource} of the text files below a folder; ids are their paths in it. Links are not followed, and files
 * of more than 20 MB are left out: one of them would keep the others from being found.
 */
export function createFolderSource({
  folder,
  endings = [".md", ".txt"],
  mayRead = () => true,
}: FolderSourceOptions): KnowledgeSource {
  return {
    async *read(signal) {
      const entries = await readdir(folder, { recursive: true, withFileTypes: true });
      const paths = entries
        .filter((entry) => entry.isFile() && endings.includes(extname(entry.name).toLowerCase()))
        .map((entry) => join(entry.parentPath, entry.name))
        .filter(mayRead)
        .toSorted();
      for (const path of paths) {
        signal.throwIfAborted();
        const text = await readTextFile(path, maxBytes).catch((error: unknown) => {
          if (isTauError(error)) return undefined;
          throw error;
        });
        if (text !== undefined) yield { id: relative(folder, path), text };
      }
    },
  };
}
