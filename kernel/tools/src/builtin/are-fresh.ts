import type { TextRange } from "./find-text.ts";
import { lineAt } from "./find-text.ts";

/** Lines around an edit that must not have changed since the model saw the file. */
const contextLines = 3;

/**
 * Tells whether the places, with three lines around each, are still as the model saw them.
 *
 * `seen` and `now` are the line fingerprints of the version that the model saw and of the present one. The
 * lines around a place must be in the seen version exactly once: else the model may have meant another place.
 */
export function areFresh(
  lf: string,
  places: readonly TextRange[],
  { seen, now }: { readonly seen: Float64Array; readonly now: Float64Array },
): boolean {
  return places.every(({ start, end }) => {
    const first = Math.max(1, lineAt(lf, start) - contextLines);
    const last = Math.min(now.length, lineAt(lf, Math.max(start, end - 1)) + contextLines);
    return countOf(seen, now.subarray(first - 1, last)) === 1;
  });
}

function countOf(lines: Float64Array, wanted: Float64Array): number {
  let found = 0;
  for (let index = 0; index + wanted.length <= lines.length; index++) {
    if (wanted.every((line, offset) => line === lines[index + offset])) found++;
  }
  return found;
}
