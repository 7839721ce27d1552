import { isJsonObject, parseJson } from "@tau/core";
import type { Json } from "@tau/core";

/**
 * Tells whether every text and every large number in a call's arguments stands in `words` as it is, as a whole: then the
 * call says nothing that its author did not say. Arguments that are no JSON object were said by nobody.
 */
export function isSaidBy(words: string, callArguments: string): boolean {
  const parsed = parseJson(callArguments);
  if (!parsed.ok || !isJsonObject(parsed.value)) return false;
  return Object.values(parsed.value)
    .flatMap(textsIn)
    .every((text) => containsWhole(words, text));
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

function containsWhole(words: string, text: string): boolean {
  if (text === "") return true;
  for (let at = words.indexOf(text); at !== -1; at = words.indexOf(text, at + 1)) {
    const after = words.slice(at + text.length, at + text.length + 2);
    const goesOn = inWord.test(after.charAt(0)) || (after.startsWith(".") && inWord.test(after.charAt(1)));
    if (!goesOn && !inWord.test(words.charAt(at - 1))) return true;
  }
  return false;
}
