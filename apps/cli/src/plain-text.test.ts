import { expect, test } from "vitest";

import { plain, visible } from "./plain-text.ts";

test.each([
  ["controls", "a\u0000\u001b\u009bb"],
  ["direction marks", "a\u202e\u2066\u061cb"],
  ["zero-width characters and tags", "a\u200b\u200d\u{e0041}b"],
  ["fillers that look like blanks", "a\u3164\u115f\uffa0\u2800b"],
  ["joiners without a shape", "a\u034f\u17b5b"],
  ["variation selectors, which can carry any bytes", "a\ufe0f\u{e0100}\u{e01ef}b"],
  ["blanks of other widths", "a\u00a0\u2003\u3000b"],
])("visible() writes out %s", (_, text) => {
  expect(visible(text)).toMatch(/^a(?:\\u\{[\da-f]+\}){2,4}b$/u);
});

test("visible() and plain() leave what can be seen, and ends of lines", () => {
  const text = "naïve 日本語 🙂 Ünïcode\n\t# ok";
  expect(visible(text)).toBe(text);
  expect(plain(text)).toBe(text);
});
