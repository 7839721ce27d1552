/** What {@link clipText} leaves. */
export interface ClippedText {
  readonly head: string;
  readonly tail: string;
  /** Characters left out between the two. */
  readonly omitted: number;
}

/**
 * Keeps the first 40 % and the last 60 % of `limit` characters: the end of an output says how it went.
 *
 * Cuts at a line's end where one is near, and never inside a surrogate pair. Both parts together have at
 * most `limit` characters (UTF-16 units); text that fits comes back whole as `head`.
 */
export function clipText(text: string, limit: number): ClippedText {
  if (text.length <= limit) return { head: text, tail: "", omitted: 0 };
  const headEnd = endOfHead(text, Math.floor(limit * 0.4));
  const tailStart = startOfTail(text, text.length - (limit - Math.floor(limit * 0.4)));
  return { head: text.slice(0, headEnd), tail: text.slice(tailStart), omitted: tailStart - headEnd };
}

/** How far from the cut a line's end may be: far enough for usual lines, near enough to lose little. */
const reach = 200;

function endOfHead(text: string, wanted: number): number {
  // lastIndexOf takes a negative position for 0.
  const newline = wanted === 0 ? -1 : text.lastIndexOf("\n", wanted - 1);
  if (newline >= 0 && wanted - newline - 1 <= reach) return newline + 1;
  return isInsidePair(text, wanted) ? wanted - 1 : wanted;
}

function startOfTail(text: string, wanted: number): number {
  const newline = text.indexOf("\n", wanted - 1);
  if (newline >= 0 && newline + 1 - wanted <= reach && newline + 1 < text.length) return newline + 1;
  return isInsidePair(text, wanted) ? wanted + 1 : wanted;
}

function isInsidePair(text: string, index: number): boolean {
  const before = text.charCodeAt(index - 1);
  const after = text.charCodeAt(index);
  return before >= 0xd800 && before <= 0xdbff && after >= 0xdc00 && after <= 0xdfff;
}
