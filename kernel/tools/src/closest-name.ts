/** Returns the name most like `wanted`, or undefined when none is close enough to be a misspelling of it. */
export function closestName(wanted: string, names: Iterable<string>): string | undefined {
  const target = wanted.slice(0, maxLength).toLowerCase();
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(target.length / 2)) + 1;
  for (const name of names) {
    const candidate = name.slice(0, maxLength).toLowerCase();
    const distance = isPartOf(target, candidate) ? 1 : editDistance(target, candidate);
    if (distance < bestDistance) {
      best = name;
      bestDistance = distance;
    }
  }
  return best;
}

/** Longer names are compared by their beginning, so that a hostile name costs nothing. */
const maxLength = 64;

/** `file` and `file_path` mean the same thing to a model, far apart as they are in letters. */
function isPartOf(a: string, b: string): boolean {
  return a.length >= 3 && b.length >= 3 && (a.includes(b) || b.includes(a));
}

/** Damerau-Levenshtein distance with adjacent swaps ("optimal string alignment"). */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = at(last, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1);
      let cost = Math.min(at(last, j) + 1, at(row, j - 1) + 1, substitution);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        cost = Math.min(cost, at(beforeLast, j - 2) + 1);
      }
      row.push(cost);
    }
    beforeLast = last;
    last = row;
  }
  return at(last, b.length);
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Infinity;
}
