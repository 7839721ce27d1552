/** Well-formed UTF-8 beyond ASCII, one character at a time, and then any other byte (RFC 3629, section 4). */
const beyondAscii = new RegExp(
  [
    String.raw`[\xC2-\xDF][\x80-\xBF]`,
    String.raw`\xE0[\xA0-\xBF][\x80-\xBF]`,
    String.raw`[\xE1-\xEC\xEE\xEF][\x80-\xBF]{2}`,
    String.raw`\xED[\x80-\x9F][\x80-\xBF]`,
    String.raw`\xF0[\x90-\xBF][\x80-\xBF]{2}`,
    String.raw`[\xF1-\xF3][\x80-\xBF]{3}`,
    String.raw`\xF4[\x80-\x8F][\x80-\xBF]{2}`,
    String.raw`[\x80-\xFF]`,
  ].join("|"),
  "g",
);

/** A byte that is no UTF-8 becomes half of a surrogate pair, which no UTF-8 says, and so finds its way back. */
const strayByte = 0xdc_00;
const strayBytes = /([\uDC80-\uDCFF])/u;

/**
 * The text of a file: UTF-16 where it begins with a byte order mark, else UTF-8. Bytes that fit into neither, such as those of
 * Latin-1, stand for themselves, so that {@link toFileBytes} changes nothing that was not changed in the text.
 */
export function fileTextOf(bytes: Buffer): string {
  const order = utf16Order(bytes);
  if (order !== undefined) return decodeUtf16(bytes.subarray(2), order);
  const text = bytes.toString("utf8");
  if (!text.includes("\uFFFD")) return text;
  return bytes
    .toString("latin1")
    .replaceAll(beyondAscii, (sequence) =>
      sequence.length === 1
        ? String.fromCharCode(strayByte + sequence.charCodeAt(0))
        : Buffer.from(sequence, "latin1").toString("utf8"),
    );
}

/** A text in the encoding of the bytes that it was read from. */
export function toFileBytes(text: string, from: Buffer): Buffer {
  const order = utf16Order(from);
  if (order === undefined) return Buffer.concat(text.split(strayBytes).map(toBytes));
  const written = Buffer.from(text, "utf16le");
  const halfCharacter = from.subarray(from.length - (from.length % 2));
  return Buffer.concat([from.subarray(0, 2), order === "little" ? written : written.swap16(), halfCharacter]);
}

function toBytes(text: string): Buffer {
  return strayBytes.test(text) ? Buffer.from([text.charCodeAt(0) - strayByte]) : Buffer.from(text);
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
