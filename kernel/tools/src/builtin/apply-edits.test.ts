import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { applyEdits } from "./apply-edits.ts";
import { formatTextFile, lineFingerprints, parseTextFile } from "./text-file.ts";
import type { TextFile } from "./text-file.ts";

function fileOf(content: string): TextFile {
  const file = parseTextFile(Buffer.from(content));
  if (file === undefined) throw new TypeError("The test's content is not UTF-8.");
  return file;
}

/** Lines that are all different, so that every line is a unique text. */
const uniqueLines = fc
  .array(fc.string({ unit: fc.constantFrom("a", "b", " ", "$", "&", "é", "😀", "\\"), maxLength: 6 }), {
    minLength: 3,
    maxLength: 12,
  })
  .map((lines) => lines.map((line, index) => `<${index}>${line}</${index}>`));

const replacement = fc.string({ unit: fc.constantFrom("x", "\n", "$&", "$1", "$$", "😀"), maxLength: 6 });

describe("applyEdits", () => {
  it("replaces every place when told to, or none where there are too many", () => {
    const replaced = (times: number): string =>
      applyEdits("f", fileOf("a\n".repeat(times)), [{ old: "a", new: "b", replaceAll: true }]).text;

    expect(replaced(20_000)).toBe("b\n".repeat(20_000));
    expect(() => replaced(500_001)).toThrow(/more than 500000 times, which are not all replaced/u);
  });

  it("equals cutting and pasting, whatever the order of the edits", () => {
    fc.assert(
      fc.property(
        uniqueLines,
        fc.array(replacement, { minLength: 12, maxLength: 12 }),
        fc.boolean(),
        (lines, news, reverse) => {
          const chosen = lines
            .map((line, index) => ({ old: line, new: news[index] ?? "", index }))
            .filter(({ index }) => index % 2 === 0);
          const expected = lines
            .map((line, index) => (index % 2 === 0 ? (news[index] ?? "") : line))
            .join("\n");
          const edits = chosen.filter((edit) => edit.old !== edit.new);
          const result = applyEdits("f", fileOf(lines.join("\n")), reverse ? edits.toReversed() : edits);
          expect(result.text).toBe(expected);
          expect(result.notes).toEqual([]);
        },
      ),
    );
  });

  it("keeps the line ends, the mark and the last newline of what it does not replace", () => {
    fc.assert(
      fc.property(uniqueLines, replacement, fc.boolean(), fc.boolean(), (lines, text, bom, newline) => {
        const content = `${bom ? "\ufeff" : ""}${lines.join("\r\n")}${newline ? "\r\n" : ""}`;
        const [first = "", second = ""] = lines;
        const file = fileOf(content);
        const edited = applyEdits("f", file, [{ old: `${first}\n${second}`, new: text }]);
        const bytes = formatTextFile({ text: edited.text, hasBom: file.hasBom });
        expect(Buffer.from(bytes).toString()).toBe(
          content.replace(`${first}\r\n${second}`, () => text.replaceAll("\n", "\r\n")),
        );
      }),
    );
  });

  it("leaves the other lines of a file with mixed line ends alone", () => {
    const edited = applyEdits("f", fileOf("one\r\ntwo\nthree\r\nfour\r\n"), [{ old: "three", new: "3\n3" }]);
    expect(edited.text).toBe("one\r\ntwo\n3\r\n3\r\nfour\r\n");
  });

  it("counts overlapping occurrences as several, and replaces them all from the left", () => {
    expect(() => applyEdits("f", fileOf("aaa"), [{ old: "aa", new: "b" }])).toThrowError(
      expect.objectContaining({ code: "edit.ambiguous" }),
    );
    expect(applyEdits("f", fileOf("aaa"), [{ old: "aa", new: "b", replaceAll: true }]).text).toBe("ba");
  });

  it("deletes whole lines that match but for trailing white space", () => {
    expect(applyEdits("f", fileOf("a\nb  \nc\n"), [{ old: "b\n", new: "" }]).text).toBe("a\nc\n");
    expect(applyEdits("f", fileOf("a\nb  "), [{ old: "b\n", new: "B\n" }]).text).toBe("a\nB\n");
  });
});

describe("lineFingerprints", () => {
  it("are equal exactly for equal lines", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.string({ unit: "binary", maxLength: 5 }).map((line) => line.replaceAll(/[\r\n]/g, "")),
          { minLength: 1 },
        ),
        (lines) => {
          const prints = lineFingerprints(`${lines.join("\n")}\n`);
          expect(new Set(prints).size).toBe(new Set(lines).size);
        },
      ),
    );
  });
});
