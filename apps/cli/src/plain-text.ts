import { stripVTControlCharacters } from "node:util";

/** Control characters, and those that turn the direction of writing. */
const harmful = /\p{Cc}|[\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu;

/**
 * Makes text of models, tools, files and servers harmless for a terminal: it can neither move the cursor,
 * nor set colours, the title or the clipboard, nor turn the direction of writing. Line ends and tabs stay.
 */
export function plain(text: string): string {
  return stripVTControlCharacters(text).replaceAll(harmful, (character) =>
    character === "\n" || character === "\t" ? character : "",
  );
}

/** The beginning of a text, harmless and on one line of at most `width` characters. */
export function clip(text: string, width: number): string {
  const flat = plain(text.slice(0, 8 * width))
    .replaceAll(/\s+/gu, " ")
    .trim();
  return flat.length <= width && text.length <= 8 * width ? flat : `${flat.slice(0, width - 1).trimEnd()}…`;
}

/** What has no shape, fillers and selectors that carry bytes unseen among it, or looks like a blank and is none. */
const shapeless =
  /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]|(?! )\p{Zs}/gu;

/**
 * Like {@link plain}, but shows what it takes away, and every other character without a shape: what a person
 * cannot see, they cannot allow.
 */
export function visible(text: string): string {
  return text.replaceAll(shapeless, (character) =>
    character === "\n" || character === "\t"
      ? character
      : `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  );
}

/** JSON that is harmless on a terminal, and still the same JSON. */
export function plainJson(value: unknown): string {
  return JSON.stringify(value).replaceAll(
    harmful,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
