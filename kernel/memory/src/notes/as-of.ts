import type { AsOf, Note } from "./note.ts";

/**
 * Tells which notes held at one time, by what was known at another:
 * - B1. What was written down, replaced or retracted later does not count: the past can be asked what it believed.
 * - B2. A note ends when what replaced it begins, unless that was retracted; then it holds again.
 * - B3. A retracted note holds at no time, once that it was retracted is known.
 */
export function notesAsOf(notes: readonly Note[], { validAt, knownAt }: AsOf): readonly Note[] {
  const known = notes.filter(
    ({ createdAt, retracted }) => createdAt <= knownAt && (retracted === undefined || retracted.at > knownAt),
  );
  const replaced = new Set(
    known.flatMap(({ supersedes, validFrom }) =>
      supersedes === undefined || validFrom > validAt ? [] : [supersedes],
    ),
  );
  return known.filter(
    ({ id, validFrom, validTo }) =>
      validFrom <= validAt && (validTo === undefined || validAt < validTo) && !replaced.has(id),
  );
}
