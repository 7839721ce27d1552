import type { NoteBook } from "../notes/note-book.ts";

/**
 * Tells which evidence does not hold any more among notes: `memory:<id>` of one that was retracted, replaced, is over or is
 * gone. Other evidence is left to whoever knows it.
 */
export async function goneNotes(
  notes: NoteBook,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<readonly string[]> {
  const named = ids.filter((id) => id.startsWith("memory:"));
  if (named.length === 0) return [];
  const current = new Set((await notes.current(signal)).map(({ id }) => `memory:${id}`));
  return named.filter((id) => !current.has(id));
}
