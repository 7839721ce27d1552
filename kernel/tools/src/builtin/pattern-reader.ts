import { TauError } from "@tau/core";

/** Goes through a pattern from its beginning to its end. */
export interface PatternReader {
  readonly done: boolean;
  /** Takes `text` if it comes next. */
  take(text: string): boolean;
  at(text: string): boolean;
  /** Takes what a sticky expression matches. */
  match(expression: RegExp): RegExpExecArray | undefined;
  /** Takes one character. */
  next(): string;
  /** The error that says what is wrong at this place. */
  failed(reason: string): TauError;
}

/** Makes a {@link PatternReader}. */
export function createPatternReader(pattern: string): PatternReader {
  let index = 0;
  return {
    get done() {
      return index >= pattern.length;
    },
    take(text) {
      const found = pattern.startsWith(text, index);
      if (found) index += text.length;
      return found;
    },
    at: (text) => pattern.startsWith(text, index),
    match(expression) {
      expression.lastIndex = index;
      const found = expression.exec(pattern) ?? undefined;
      if (found !== undefined) index += found[0].length;
      return found;
    },
    next() {
      const character = String.fromCodePoint(pattern.codePointAt(index) ?? 0);
      index += character.length;
      return character;
    },
    failed: (reason) => invalidPattern(`${reason}, at character ${index + 1}`),
  };
}

/** The error for a pattern that means nothing, in words from which a model can correct it. */
export function invalidPattern(reason: string): TauError {
  return new TauError(
    "search.invalid_pattern",
    `The pattern is not a valid regular expression (Rust syntax, no look-around or back-references). Escape special characters with \\, or set "literal".\n${reason}`,
  );
}
