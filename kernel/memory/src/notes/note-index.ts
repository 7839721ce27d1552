import { byCodeUnits } from "../order.ts";
import type { Note } from "./note.ts";

/** What of the index goes into every prompt at most. */
export const indexLimits = { lines: 200, bytes: 25_600 } as const;

/** After so many days without use a note counts half. */
const halfLifeDays = 60;
const dayMs = 86_400_000;

/** How useful a note is likely to be: how often it was of use, less the longer ago that, or its making, is. */
export function usefulness({ uses, lastUsedAt, createdAt }: Note, now: number): number {
  const days = Math.max(0, now - (lastUsedAt ?? createdAt)) / dayMs;
  return (1 + uses) * 0.5 ** (days / halfLifeDays);
}

/**
 * Writes the list of notes that stands in a prompt: one line each, the most useful first, as many as there is room for,
 * and how many there are beside. Generated, so that nobody can write into it but by a note.
 */
export function renderNoteIndex(
  notes: readonly Note[],
  now: number,
  limits: { readonly lines: number; readonly bytes: number } = indexLimits,
): string {
  if (notes.length === 0) return "";
  const ranked = notes.toSorted((a, b) => usefulness(b, now) - usefulness(a, now) || byCodeUnits(a.id, b.id));
  // Room for the last line, which says what is missing.
  const reserved = 120;
  const lines: string[] = [];
  let bytes = reserved;
  for (const { id, type, summary } of ranked) {
    const line = `- ${id} (${type}): ${oneLine(summary)}`;
    bytes += Buffer.byteLength(line) + 1;
    if (lines.length + 1 >= limits.lines || bytes > limits.bytes) break;
    lines.push(line);
  }
  const missing = ranked.length - lines.length;
  if (missing > 0) lines.push(`- … and ${missing} more: find them with memory_search.`);
  return `${lines.join("\n")}\n`;
}

/** Without what nobody sees and without tags. */
function oneLine(text: string): string {
  return text
    .replaceAll(/\s+/gu, " ")
    .replaceAll(/[\p{Cc}\p{Cf}\p{Co}\p{Cs}]/gu, "")
    .replaceAll("<", "&lt;")
    .trim();
}
