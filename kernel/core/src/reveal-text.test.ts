import { describe, expect, test } from "vitest";

import { revealText } from "./reveal-text.ts";

/** What attacks hid text in, by code point. */
const hiddenCodes =
  "0 7 8 d 1b 7f 85 9b ad 34f 61c 115f 1160 180e 200b 200c 200d 200e 202a 202e 2028 2029 2060 2066 2069 206f 2800 3164 e000 feff ffa0 fff9 e0001 e0041 e007f e0100 f0000";

describe("revealText()", () => {
  test.each(hiddenCodes.split(" "))("shows U+%s by its number", (code) => {
    const shown = revealText(`a${String.fromCodePoint(Number.parseInt(code, 16))}b`);

    expect(shown).toBe(`a⟨U+${code.toUpperCase().padStart(4, "0")}⟩b`);
  });

  test("shows halves of characters, and rows of selectors that carry bytes", () => {
    expect(revealText("\ud800x")).toBe("⟨U+D800⟩x");
    expect(revealText("a\ufe00\ufe01\ufe02b")).toBe("a⟨U+FE00 and 2 more⟩b");
  });

  test("sums up a row of them, so that a hidden sentence costs no more than a word", () => {
    const sentence = Array.from("Ignore all of that", (c) => String.fromCodePoint(0xe0000 + c.charCodeAt(0)));

    expect(revealText(`a${sentence.join("")}b`)).toBe("a⟨U+E0049 and 17 more⟩b");
  });

  test("leaves what people read as it is, line ends of Windows aside", () => {
    const text = "Größe: 3 ≤ 4\n\t日本語　привет 👍 ❤️ e\u0301\u00a0.";

    expect(revealText(text)).toBe(text);
    expect(revealText("a\r\nb\rc\u0007\n\u0007")).toBe("a\nb⟨U+000D⟩c⟨U+0007⟩\n⟨U+0007⟩");
  });
});
