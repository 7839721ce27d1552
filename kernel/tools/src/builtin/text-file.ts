/** A text file taken apart, so that an edit can put it together again exactly. */
export interface TextFile {
  /** The text without its byte order mark, its line ends as they are. */
  readonly text: string;
  readonly hasBom: boolean;
  /** The line end of most lines. */
  readonly eol: "\n" | "\r\n";
}

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const lenient = new TextDecoder("utf-8", { ignoreBOM: true });

/** Decodes UTF-8; undefined when the bytes are something else. */
export function parseTextFile(data: Uint8Array): TextFile | undefined {
  try {
    return toTextFile(strict.decode(data));
  } catch {
    return undefined;
  }
}

/** Decodes for showing only: what is not UTF-8 becomes `�`. */
export function parseTextLoosely(data: Uint8Array): TextFile {
  return toTextFile(lenient.decode(data));
}

function toTextFile(decoded: string): TextFile {
  const hasBom = decoded.startsWith("\ufeff");
  const text = hasBom ? decoded.slice(1) : decoded;
  const newlines = count(text, "\n");
  return { text, hasBom, eol: newlines > 0 && count(text, "\r\n") * 2 > newlines ? "\r\n" : "\n" };
}

/** The bytes of a text file. */
export function formatTextFile(file: Pick<TextFile, "text" | "hasBom">): Uint8Array {
  return Buffer.from(file.hasBom ? `\ufeff${file.text}` : file.text);
}

/** Writes every line end as `\n`. */
export function toLf(text: string): string {
  return text.includes("\r\n") ? text.replaceAll("\r\n", "\n") : text;
}

/** Writes every line end as `eol`. */
export function toEol(text: string, eol: "\n" | "\r\n"): string {
  const lf = toLf(text);
  return eol === "\n" ? lf : lf.replaceAll("\n", () => eol);
}

/** The lines of a text; a newline at the end begins no further line. */
export function linesOf(text: string): readonly string[] {
  if (text === "") return [];
  const lines = toLf(text).split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines;
}

/** One number for each line, equal for equal lines (53 bits of a hash, so practically only for those). */
export function lineFingerprints(text: string): Float64Array {
  return Float64Array.from(linesOf(text), fingerprint);
}

function fingerprint(line: string): number {
  let high = 0xdeadbeef;
  let low = 0x41c6ce57;
  for (let index = 0; index < line.length; index++) {
    const code = line.charCodeAt(index);
    high = Math.imul(high ^ code, 0x9e3779b1);
    low = Math.imul(low ^ code, 0x5f356495);
  }
  high = Math.imul(high ^ (high >>> 16), 0x85ebca6b) ^ Math.imul(low ^ (low >>> 13), 0xc2b2ae35);
  low = Math.imul(low ^ (low >>> 16), 0x85ebca6b) ^ Math.imul(high ^ (high >>> 13), 0xc2b2ae35);
  return (low & 0x1fffff) * 0x1_0000_0000 + (high >>> 0);
}

function count(text: string, part: string): number {
  let found = 0;
  for (let index = text.indexOf(part); index >= 0; index = text.indexOf(part, index + part.length)) found++;
  return found;
}
