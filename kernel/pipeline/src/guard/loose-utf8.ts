import { isUtf8 } from "node:buffer";

/** A byte that is no UTF-8 becomes half of a surrogate pair, which no UTF-8 says, and so finds its way back. */
const strayByte = 0xdc_00;

/** By the number of bytes that follow the first one of a character: what that begins with, and the least code (RFC 3629). */
const leads = [0, 0xc0, 0xe0, 0xf0] as const;
const leastCodes = [0, 0x80, 0x8_00, 0x1_00_00] as const;

/**
 * UTF-8, in which bytes that are none stand for themselves. By hand: calls for single characters or stray bytes would block for
 * seconds, or fill the memory, where there are millions.
 */
export function decodeLooseUtf8(bytes: Buffer): string {
  if (isUtf8(bytes)) return bytes.toString("utf8");
  const units = Buffer.allocUnsafe(bytes.length * 2);
  let end = 0;
  for (let at = 0; at < bytes.length;) {
    const first = bytes[at] ?? 0;
    const following = stepOf(first, leads);
    const code = codeAt(bytes, at, following);
    if (code > 0xff_ff) end = units.writeUInt16LE(0xd7_c0 + (code >> 10), end);
    const unit = code > 0xff_ff ? 0xdc_00 + (code & 0x3_ff) : code;
    end = units.writeUInt16LE(code < 0 ? strayByte + first : unit, end);
    at += code < 0 ? 1 : 1 + following;
  }
  return units.toString("utf16le", 0, end);
}

/**
 * The bytes that {@link decodeLooseUtf8} made the text of. What was changed in it must leave no first half of a pair before a
 * stray byte: the two would be one character.
 */
export function encodeLooseUtf8(text: string): Buffer {
  if (text.isWellFormed()) return Buffer.from(text);
  const bytes = Buffer.allocUnsafe(text.length * 3);
  let end = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.codePointAt(at) ?? 0;
    const isStray = code >= strayByte + 0x80 && code <= strayByte + 0xff;
    if (isStray) bytes[end++] = code - strayByte;
    else end = writeCode(bytes, end, isSurrogate(code) ? 0xff_fd : code);
    if (code > 0xff_ff) at++;
  }
  return bytes.subarray(0, end);
}

/** The character of UTF-8 that begins at a byte, -1 if none does. */
function codeAt(bytes: Buffer, at: number, following: Step): number {
  let code = (bytes[at] ?? 0) - leads[following];
  if (following === 0) return code < 0x80 ? code : -1;
  for (let next = at + 1; next <= at + following; next++) {
    const byte = bytes[next] ?? 0;
    if (byte >> 6 !== 0b10) return -1;
    code = (code << 6) | (byte & 0x3f);
  }
  return code < leastCodes[following] || code > 0x10_ff_ff || isSurrogate(code) ? -1 : code;
}

/** Returns where the next character begins. */
function writeCode(bytes: Buffer, at: number, code: number): number {
  const following = stepOf(code, leastCodes);
  let end = at;
  bytes[end++] = leads[following] + (code >> (6 * following));
  for (let left = following - 1; left >= 0; left--) bytes[end++] = 0x80 | ((code >> (6 * left)) & 0x3f);
  return end;
}

type Step = 0 | 1 | 2 | 3;

function stepOf(value: number, steps: typeof leads | typeof leastCodes): Step {
  if (value < steps[1]) return 0;
  if (value < steps[2]) return 1;
  return value < steps[3] ? 2 : 3;
}

function isSurrogate(code: number): boolean {
  return code >= 0xd8_00 && code <= 0xdf_ff;
}
