import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { decodeLooseUtf8, encodeLooseUtf8 } from "./loose-utf8.ts";

const wellFormed = fc.string({ unit: "binary" });
const mixed = fc
  .array(
    fc.oneof(
      wellFormed.map((text) => Buffer.from(text)),
      fc.uint8Array({ maxLength: 4 }),
      fc.uint8Array({ min: 0x80, maxLength: 6 }),
    ),
  )
  .map((pieces) => Buffer.concat(pieces));

describe("decodeLooseUtf8() and encodeLooseUtf8()", () => {
  test("lose no byte, whatever the bytes are", () => {
    fc.assert(
      fc.property(mixed, (bytes) => {
        expect(encodeLooseUtf8(decodeLooseUtf8(bytes))).toEqual(bytes);
      }),
    );
  });

  test("read every character between bytes that are none", () => {
    fc.assert(
      fc.property(fc.array(wellFormed), (texts) => {
        const bytes = Buffer.concat(texts.flatMap((text) => [Buffer.from(text), Buffer.from([0xff])]));

        expect(decodeLooseUtf8(bytes)).toBe(texts.map((text) => `${text}\uDCFF`).join(""));
      }),
    );
  });

  test("change only what was changed in the text", () => {
    fc.assert(
      fc.property(mixed, wellFormed, mixed, (before, found, after) => {
        const text = `${decodeLooseUtf8(before)}${found}${decodeLooseUtf8(after)}`;

        expect(encodeLooseUtf8(text)).toEqual(Buffer.concat([before, Buffer.from(found), after]));
      }),
    );
  });

  test.each<[string, number[]]>([
    ["a character that is longer than it has to be", [0xc0, 0x80]],
    ["three bytes for what fits into two", [0xe0, 0x9f, 0xbf]],
    ["four bytes for what fits into three", [0xf0, 0x8f, 0xbf, 0xbf]],
    ["a surrogate", [0xed, 0xa0, 0x80]],
    ["a code beyond the last one", [0xf4, 0x90, 0x80, 0x80]],
    ["bytes that begin nothing", [0xf8, 0xff, 0x80]],
    ["a character that was cut", [0xf0, 0x9f, 0x99]],
  ])("take bytes for themselves: %s", (_name, bytes) => {
    expect(decodeLooseUtf8(Buffer.from(bytes))).toBe(
      String.fromCharCode(...bytes.map((byte) => 0xdc_00 + byte)),
    );
  });

  test("write half a pair that is no stray byte as Node does", () => {
    expect(encodeLooseUtf8("a\uD83D\uDCFFb\uD83D \uDD42\uDCE0")).toEqual(
      Buffer.concat([Buffer.from("a\u{1F4FF}b\uFFFD \uFFFD"), Buffer.from([0xe0])]),
    );
  });
});
