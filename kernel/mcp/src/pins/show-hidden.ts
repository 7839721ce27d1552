/**
 * What a person does not see or takes for something else: controls, direction marks, zero-width and tag
 * characters, variation selectors, fillers, lone surrogates, what Unicode has not assigned, and every white
 * space other than the blank, the tab and the line feed.
 */
const hidden = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Cn}\p{Zl}\p{Zp}\p{Zs}\p{Default_Ignorable_Code_Point}\u2800]/u;

const plain = new Set([" ", "\n", "\t"]);

/** Letters of more than one of these in one word: one of them is likely there to deceive. */
const scripts = [
  /\p{Script=Latin}/u,
  /\p{Script=Cyrillic}/u,
  /\p{Script=Greek}/u,
  /\p{Script=Armenian}/u,
  /\p{Script=Cherokee}/u,
];

/** Writes what nobody sees in the text as `⟨U+200B⟩`. What can be seen stays as it is. */
export function showHidden(text: string): string {
  let shown = "";
  for (const character of text) shown += isHidden(character) ? codePoint(character) : character;
  return shown;
}

/** What in the text might deceive a person: hidden characters and words of mixed scripts, each once, in order. */
export function findDeceptive(text: string): readonly string[] {
  const found = new Set<string>();
  for (const character of text) if (isHidden(character)) found.add(codePoint(character));
  for (const [word] of text.matchAll(/\p{L}+/gu)) {
    if (scripts.filter((script) => script.test(word)).length > 1) found.add(spell(word));
  }
  return [...found];
}

/** Writes every character that is not ASCII with its number, so that no two texts look alike. */
export function spell(text: string): string {
  let spelled = "";
  for (const character of text) {
    if (isHidden(character)) spelled += codePoint(character);
    else spelled += character > "\u007f" ? character + codePoint(character) : character;
  }
  return spelled;
}

/** Tells whether a person cannot see the character, or not tell it from a blank. */
export function isHidden(character: string): boolean {
  return !plain.has(character) && hidden.test(character);
}

/** A character by its number: `⟨U+200B⟩`. */
export function codePoint(character: string): string {
  const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
  return `⟨U+${code}⟩`;
}
