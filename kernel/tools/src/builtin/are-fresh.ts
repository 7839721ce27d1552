import type { TextRange } from "./find-text.ts";

/** Lines around an edit that must not have changed since the model saw the file. */
const contextLines = 3;

/**
 * Tells whether the places, with three lines around each, are still as the model saw them.
 *
 * `seen` and `now` are the line fingerprints of the version that the model saw and of the present one. The
 * lines around a place must be in the seen version exactly once: else the model may have meant another place.
 *
 * Places are in order and apart. Costs each version one look, however many places there are.
 */
export function areFresh(
  lf: string,
  places: readonly TextRange[],
  { seen, now }: { readonly seen: Float64Array; readonly now: Float64Array },
): boolean {
  const lineAt = createLineCounter(lf);
  const windows = places.map(({ start, end }) => {
    const first = Math.max(1, lineAt(start) - contextLines);
    const last = Math.min(now.length, lineAt(Math.max(start, end - 1)) + contextLines);
    return now.subarray(first - 1, last);
  });
  const at = placesOf(seen, new Set(windows.flatMap((window) => [...window])));
  return windows.every((window) => isThereOnce(seen, window, at));
}

/** Counts lines from 1; to be asked about growing positions. */
function createLineCounter(text: string): (position: number) => number {
  let line = 1;
  let next = text.indexOf("\n");
  return (position) => {
    for (; next >= 0 && next < position; next = text.indexOf("\n", next + 1)) line += 1;
    return line;
  };
}

/** Where each of the wanted lines is. */
function placesOf(lines: Float64Array, wanted: ReadonlySet<number>): ReadonlyMap<number, readonly number[]> {
  const places = new Map<number, number[]>();
  for (const [index, line] of lines.entries()) {
    if (!wanted.has(line)) continue;
    const known = places.get(line);
    if (known === undefined) places.set(line, [index]);
    else known.push(index);
  }
  return places;
}

/** Looks where the rarest line of a window is. */
function isThereOnce(
  lines: Float64Array,
  window: Float64Array,
  at: ReadonlyMap<number, readonly number[]>,
): boolean {
  let rarest = 0;
  for (const [offset, line] of window.entries())
    if ((at.get(line)?.length ?? 0) < (at.get(window[rarest] ?? 0)?.length ?? 0)) rarest = offset;
  let found = 0;
  for (const place of at.get(window[rarest] ?? 0) ?? []) {
    const first = place - rarest;
    if (first < 0 || first + window.length > lines.length) continue;
    if (window.every((line, offset) => line === lines[first + offset])) found += 1;
    if (found > 1) return false;
  }
  return found === 1;
}
