import type { PatternReader } from "./pattern-reader.ts";

/** What a backslash or a character stands for: one character, or a class in JavaScript's flag `v`. */
export type Member = { readonly character: string } | { readonly members: string };

/** As Unicode has them: `\d` is more than ten digits. */
const letterClasses: Readonly<Record<string, string>> = {
  d: String.raw`\p{Nd}`,
  s: String.raw`\p{White_Space}`,
  w: String.raw`\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}`,
};

/** What words are made of, as a class. */
export const wordClass: string = `[${letterClasses["w"]}]`;

const namedClasses: Readonly<Record<string, string>> = {
  alnum: "0-9A-Za-z",
  alpha: "A-Za-z",
  ascii: String.raw`\x00-\x7f`,
  blank: String.raw`\t\x20`,
  cntrl: String.raw`\x00-\x1f\x7f`,
  digit: "0-9",
  graph: String.raw`\x21-\x7e`,
  lower: "a-z",
  print: String.raw`\x20-\x7e`,
  punct: String.raw`\x21-\x2f\x3a-\x40\x5b-\x60\x7b-\x7e`,
  space: String.raw`\t\n\v\f\r\x20`,
  upper: "A-Z",
  word: String.raw`0-9A-Za-z_`,
  xdigit: "0-9A-Fa-f",
};

/** Other names in such brackets are a class of their letters. */
const posixClass = new RegExp(String.raw`\[:(\^?)(${Object.keys(namedClasses).join("|")}):\]`, "y");

const controls: Readonly<Record<string, string>> = {
  a: "\x07",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
};

/** A character as it stands for itself anywhere in a JavaScript pattern. */
export function literalOf(character: string): string {
  if (/^[a-z0-9_]$/iu.test(character)) return character;
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
}

/** Reads what is behind a backslash, but for assertions. */
export function readEscape(reader: PatternReader): Member {
  const hex = reader.match(
    /(?:[xuU]\{([\da-fA-F]{1,8})\}|x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8}))/y,
  );
  if (hex !== undefined) return { character: characterOf(reader, hex.slice(1).join("")) };
  const property = reader.match(/([pP])(?:\{([^}]+)\}|([a-z]))/iuy);
  if (property !== undefined) {
    const [, letter, long, short = ""] = property;
    return propertyOf(reader, long ?? short, letter === "P");
  }
  if (reader.done) throw reader.failed("incomplete escape sequence");
  const letter = reader.next();
  const members = letterClasses[letter.toLowerCase()];
  if (members !== undefined)
    return { members: letter === letter.toLowerCase() ? `[${members}]` : `[^${members}]` };
  const control = controls[letter];
  if (control !== undefined) return { character: control };
  if (/^[1-9]$/u.test(letter)) throw reader.failed("backreferences are not supported");
  if (/^[a-z0-9]$/iu.test(letter) || letter > "\x7f") throw reader.failed("unrecognized escape sequence");
  return { character: letter };
}

function characterOf(reader: PatternReader, digits: string): string {
  const code = Number.parseInt(digits, 16);
  if (code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) throw reader.failed("it is no character");
  return String.fromCodePoint(code);
}

/** Rust takes the name of a script alone, and does not look at capitals. */
function propertyOf(reader: PatternReader, name: string, inverted: boolean): Member {
  const [first = "", second] = name.split(/[=:]/u).map((part) => part.trim().replaceAll(/[\s-]+/gu, "_"));
  const cased = (text: string): string =>
    text.toLowerCase().replaceAll(/(^|_)[a-z]/gu, (start) => start.toUpperCase());
  const names =
    second === undefined ? [first, cased(first)] : [`${first}=${second}`, `${first}=${cased(second)}`];
  if (second === undefined) names.push(`Script=${cased(first)}`);
  const known = names.map((one) => `\\${inverted ? "P" : "p"}{${one}}`).find(isPattern);
  if (known === undefined) throw reader.failed("Unicode property not found");
  return { members: known };
}

function isPattern(source: string): boolean {
  try {
    return new RegExp(source, "v").source !== "";
  } catch {
    return false;
  }
}

/** Reads a class from behind its `[`. */
export function readClass(reader: PatternReader): string {
  const negated = reader.take("^");
  // A bracket right after the beginning belongs to the class.
  let items = reader.take("]") ? literalOf("]") : "";
  let whole = "";
  while (!reader.take("]")) {
    if (reader.done) throw reader.failed("unclosed character class");
    const operator = ["&&", "--", "~~"].find((one) => reader.take(one));
    if (operator === "~~") throw reader.failed("symmetric differences (~~) are not known here");
    if (operator === undefined) items += readItem(reader);
    else {
      whole = `[${whole}[${items}]]${operator}`;
      items = "";
    }
  }
  return `[${negated ? "^" : ""}${whole}[${items}]]`;
}

function readItem(reader: PatternReader): string {
  const named = reader.match(posixClass);
  if (named !== undefined) return `[${named[1] ?? ""}${namedClasses[named[2] ?? ""] ?? ""}]`;
  if (reader.take("[")) return readClass(reader);
  const from = readMember(reader);
  if (!reader.at("-") || reader.at("-]") || reader.at("--"))
    return "members" in from ? from.members : literalOf(from.character);
  reader.take("-");
  const to = readMember(reader);
  if (
    "members" in from ||
    "members" in to ||
    (from.character.codePointAt(0) ?? 0) > (to.character.codePointAt(0) ?? 0)
  )
    throw reader.failed("invalid character class range");
  return `${literalOf(from.character)}-${literalOf(to.character)}`;
}

function readMember(reader: PatternReader): Member {
  return reader.take("\\") ? readEscape(reader) : { character: reader.next() };
}
