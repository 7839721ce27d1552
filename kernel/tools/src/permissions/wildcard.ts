/** Literal text with gaps: `["a", "b"]` is `a*b`, `["a"]` is `a`. Matched without regular expressions, in linear time. */
export type Wildcard = readonly string[];

/** Reads `*` as a gap; every other character stands for itself. */
export function toWildcard(text: string): Wildcard {
  return text.split("*");
}

/** Tells whether `text` is the pattern's pieces, in order, with anything in the gaps. Makes no garbage: it is asked for everything. */
export function matchesWildcard(pattern: Wildcard, text: string): boolean {
  const first = pattern[0] ?? "";
  if (pattern.length <= 1) return text === first;
  const last = pattern[pattern.length - 1] ?? "";
  if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last))
    return false;

  const end = text.length - last.length;
  let at = first.length;
  for (let index = 1; index < pattern.length - 1; index++) {
    const piece = pattern[index] ?? "";
    const found = text.indexOf(piece, at);
    if (found === -1 || found + piece.length > end) return false;
    at = found + piece.length;
  }
  return true;
}
