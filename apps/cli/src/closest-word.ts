/** The word that was probably meant; undefined when none is near. */
function closestWord(wanted: string, words: readonly string[]): string | undefined {
  const near = words
    .map((word) => ({ word, distance: distanceOf(wanted.slice(0, 64), word) }))
    .filter(({ word, distance }) => distance <= Math.max(1, Math.floor(word.length / 3)))
    .toSorted((one, other) => one.distance - other.distance);
  return near[0]?.word ?? words.find((word) => wanted.length >= 3 && word.startsWith(wanted));
}

/** Writes ` Did you mean "word"?`, or nothing. */
export function didYouMean(wanted: string, words: readonly string[]): string {
  const word = closestWord(wanted, words);
  return word === undefined ? "" : ` Did you mean ${word}?`;
}

/** How many letters to change, add, leave out or swap. */
function distanceOf(from: string, to: string): number {
  let before: readonly number[] = [];
  let last: readonly number[] = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 1; i <= from.length; i++) {
    const row = [i];
    for (let j = 1; j <= to.length; j++) {
      const swapped = from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1];
      row.push(
        Math.min(
          at(last, j) + 1,
          at(row, j - 1) + 1,
          at(last, j - 1) + (from[i - 1] === to[j - 1] ? 0 : 1),
          swapped ? at(before, j - 2) + 1 : Infinity,
        ),
      );
    }
    [before, last] = [last, row];
  }
  return at(last, to.length);
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Infinity;
}
