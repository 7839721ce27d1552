import { isJsonObject, parseJson } from "@tau/core";
import type { Json } from "@tau/core";

/**
 * How many characters of `words` are looked at for all texts of a call together, a tenth of a second: a prompt of 100,000
 * characters for a hundred texts.
 */
const maxLookedAt = 10_000_000;
/** What looking around a place where a text stands costs, in characters. */
const placeCost = 10;

/**
 * Tells whether every text and every large number in a call's arguments stands in `words` as it is, as a whole: then the
 * call says nothing that its author did not say. Arguments that are no JSON object, or say too much to be looked for, were
 * said by nobody.
 */
export function isSaidBy(words: string, callArguments: string): boolean {
  const parsed = parseJson(callArguments);
  if (!parsed.ok || !isJsonObject(parsed.value)) return false;
  const texts = new Set(Object.values(parsed.value).flatMap(textsIn));
  const budget = { left: maxLookedAt - texts.size * words.length };
  return budget.left >= 0 && [...texts].every((text) => containsWhole(words, text, budget));
}

/** A number up to this says no more than which page, or how many lines. */
const smallNumber = 10_000;

/** Names of fields count but for the first level's: those are the tool's own. */
function textsIn(value: Json): readonly string[] {
  if (typeof value === "string") return [value];
  if (typeof value === "number")
    return Math.abs(value) <= smallNumber && Number.isInteger(value) ? [] : [String(value)];
  if (Array.isArray(value)) return value.flatMap(textsIn);
  return isJsonObject(value) ? [...Object.keys(value), ...Object.values(value).flatMap(textsIn)] : [];
}

// What could go on an address or a word: `https://a.org` is no part of `https://a.org.example`.
const inWord = /[\p{L}\p{N}_/?&=%#@:~+-]/u;

/** Beyond the budget nothing is found any more. */
function containsWhole(words: string, text: string, budget: { left: number }): boolean {
  if (text === "") return true;
  for (const at of placesOf(text, words)) {
    budget.left -= placeCost;
    if (budget.left < 0) return false;
    const after = words.slice(at + text.length, at + text.length + 2);
    const goesOn = inWord.test(after.charAt(0)) || (after.startsWith(".") && inWord.test(after.charAt(1)));
    if (!goesOn && !inWord.test(words.charAt(at - 1))) return true;
  }
  return false;
}

/**
 * Where a text stands in others, by the algorithm of Knuth, Morris and Pratt: what `indexOf` takes for a text that repeats
 * itself grows with the product of both lengths, and a model writes one of them.
 */
function* placesOf(text: string, words: string): Generator<number> {
  if (text.length > words.length) return;
  /** How much of the text's beginning ends at each of its places. */
  const borders = new Int32Array(text.length);
  for (let at = 1, length = 0; at < text.length; at++) {
    while (length > 0 && text.charCodeAt(at) !== text.charCodeAt(length)) length = borders[length - 1] ?? 0;
    if (text.charCodeAt(at) === text.charCodeAt(length)) length++;
    borders[at] = length;
  }
  for (let at = 0, length = 0; at < words.length; at++) {
    const code = words.charCodeAt(at);
    while (length > 0 && (length === text.length || code !== text.charCodeAt(length)))
      length = borders[length - 1] ?? 0;
    if (code === text.charCodeAt(length)) length++;
    if (length === text.length) yield at - length + 1;
  }
}
