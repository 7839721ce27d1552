import { describe, expect, test } from "vitest";

import { findDeceptive, showHidden, spell } from "./show-hidden.ts";

/** One of each kind that attacks on tool descriptions used, by its code point. */
const hiddenCodes =
  "0 7 d 1b 7f 85 a0 ad 34f 61c 115f 1160 17b4 180e 2000 200b 200c 200d 200e 202a 202e 2028 2029 2060 2066 2069 206f 2800 3000 3164 d800 e000 fe00 fe0f feff ffa0 fff9 fffe 1d173 e0001 e0041 e007f e0100 f0000 10ffff";
const hiddenCharacters = hiddenCodes
  .split(" ")
  .map((code) => String.fromCodePoint(Number.parseInt(code, 16)));

describe("showHidden()", () => {
  test("shows every kind of hidden character, each by its number", () => {
    for (const character of hiddenCharacters) {
      const shown = showHidden(`a${character}b`);

      expect(shown).toMatch(/^a⟨U\+[0-9A-F]{4,6}⟩b$/u);
    }
  });

  test("leaves what people read as it is", () => {
    const text = "Größe: 3 ≤ 4\n\t日本語 привет 👍 e\u0301";

    expect(showHidden(text)).toBe(text);
  });
});

describe("findDeceptive()", () => {
  test("names hidden characters and words of mixed scripts", () => {
    expect(findDeceptive("read\u200b_file for p\u0430ypal, p\u0430ypal")).toEqual([
      "⟨U+200B⟩",
      "pа⟨U+0430⟩ypal",
    ]);
  });

  test("finds nothing in ordinary text of any language", () => {
    expect(findDeceptive("Reads a file. Читает файл. Διαβάζει. 読む, naïve Größe\n\t")).toEqual([]);
  });
});

describe("spell()", () => {
  test("tells apart what looks the same", () => {
    expect(spell("é")).not.toBe(spell("e\u0301"));
    expect(spell("а")).toBe("а⟨U+0430⟩");
    expect(spell("a b\n")).toBe("a b\n");
  });
});
