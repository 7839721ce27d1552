/** Tells of each ASCII code whether it may stand in a token such as a key: letters, digits, `_`, `-` and `.`. */
const inWord: readonly boolean[] = Array.from({ length: 128 }, (_, code) =>
  /[A-Za-z0-9_.-]/.test(String.fromCharCode(code)),
);

/** Tells whether the pattern's characters, the inside of a character class, all stand in such tokens. */
export function isOfWords(body: string): boolean {
  const pattern = new RegExp(`[${body}]`);
  return inWord.every((isIn, code) => isIn || !pattern.test(String.fromCharCode(code)));
}

/**
 * Tells whether a text has a token of at least `length` characters from a place on. Looks at every `length`th character
 * and around it only where a token might be, so that prose costs next to nothing.
 */
export function hasRun(text: string, from: number, length: number): boolean {
  let end = from + length - 1;
  while (end < text.length) {
    let start = end;
    while (start >= from && end - start < length && inWord[text.charCodeAt(start)] === true) start--;
    if (end - start === length) return true;
    // What is before the character that stopped us cannot be part of a longer token.
    end = start + length;
  }
  return false;
}

/** Where the token begins that the text ends with; the text's length when it ends otherwise. */
export function lastRunStart(text: string, from: number): number {
  let start = text.length;
  while (start > from && inWord[text.charCodeAt(start - 1)] === true) start--;
  return start;
}
