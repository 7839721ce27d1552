import { TauError } from "@tau/core";
import type { Memory } from "@tau/memory";

/** The file that a person means: a note's id, `/memories/…`, or a path such as `memory/files/plan.md`. */
export async function targetPath(memory: Memory, word: string, signal: AbortSignal): Promise<string> {
  const { filesPrefix, notePath } = await import("@tau/memory");
  if (word.startsWith("/memories/")) return `${filesPrefix}${word.slice("/memories/".length)}`;
  if (word.includes("/")) return word;
  const path = notePath(word);
  const [listed, versions] = await Promise.all([
    memory.store.list("memory/notes/", signal),
    memory.history.versions(path, signal),
  ]);
  if (listed.some((entry) => entry.path === path) || versions.length > 0) return path;
  throw new TauError(
    "memory.not_found",
    `There is no note ${JSON.stringify(word.slice(0, 80))}; "tau memory list" shows those there are. A file is named /memories/….`,
  );
}
