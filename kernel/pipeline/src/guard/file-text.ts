import { decodeLooseUtf8, encodeLooseUtf8 } from "./loose-utf8.ts";

/**
 * The text of a file: UTF-16 where it begins with a byte order mark, else UTF-8. Bytes that fit into neither, such as those of
 * Latin-1, stand for themselves, so that {@link toFileBytes} changes nothing that was not changed in the text.
 */
export function fileTextOf(bytes: Buffer): string {
  const order = utf16Order(bytes);
  return order === undefined ? decodeLooseUtf8(bytes) : decodeUtf16(bytes.subarray(2), order);
}

/** A text in the encoding of the bytes that it was read from. */
export function toFileBytes(text: string, from: Buffer): Buffer {
  const order = utf16Order(from);
  if (order === undefined) return encodeLooseUtf8(text);
  const written = Buffer.from(text, "utf16le");
  const halfCharacter = from.subarray(from.length - (from.length % 2));
  return Buffer.concat([from.subarray(0, 2), order === "little" ? written : written.swap16(), halfCharacter]);
}

function utf16Order(bytes: Buffer): "little" | "big" | undefined {
  const [first, second] = bytes;
  if (first === 0xff && second === 0xfe) return "little";
  return first === 0xfe && second === 0xff ? "big" : undefined;
}

function decodeUtf16(bytes: Buffer, order: "little" | "big"): string {
  const whole = bytes.subarray(0, bytes.length - (bytes.length % 2));
  // Swapping happens in place.
  return (order === "little" ? whole : Buffer.from(whole).swap16()).toString("utf16le");
}
