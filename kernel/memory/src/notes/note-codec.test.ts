import type { Label } from "@tau/core";
import { joinLabels } from "@tau/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { parseFrontLines, renderFrontLines } from "./front-lines.ts";
import { parseNote, renderNote } from "./note-codec.ts";
import { notePath } from "./note.ts";
import type { Note } from "./note.ts";

const text = fc
  .string({ unit: "grapheme", maxLength: 60 })
  .filter((value) => value.isWellFormed() && !value.includes("\0"));
const line = text.map((value) => value.replaceAll(/[\r\n]/gu, " ")).filter((value) => value.trim() !== "");
const at = fc.integer({ min: 0, max: 4_000_000_000_000 });

const label: fc.Arbitrary<Label> = fc
  .record({
    integrity: fc.constantFrom("system", "user", "workspace", "untrusted"),
    confidentiality: fc.constantFrom("public", "workspace", "secret"),
    origins: fc.array(text, { maxLength: 4 }),
    secrets: fc.array(text, { maxLength: 2 }),
  })
  .map((one) => joinLabels({ ...one, integrity: one.integrity, confidentiality: one.confidentiality }));

const note: fc.Arbitrary<Note> = fc
  .record(
    {
      id: fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,20}$/u),
      type: fc.stringMatching(/^[a-z][a-z_-]{0,10}$/u),
      summary: line,
      body: text,
      source: fc.record({ by: text, events: fc.array(text, { maxLength: 4 }) }),
      label,
      createdAt: at,
      validFrom: at,
      supersedes: text,
      retracted: fc.record({ at, because: text }),
      approvedBy: text,
      uses: fc.nat(),
      lastUsedAt: at,
    },
    { requiredKeys: ["id", "type", "summary", "body", "source", "label", "createdAt", "validFrom", "uses"] },
  )
  .chain((one) =>
    fc
      .option(fc.nat({ max: 1_000_000 }), { nil: undefined })
      .map((length) => (length === undefined ? one : { ...one, validTo: one.validFrom + 1 + length })),
  );

describe("parseNote()", () => {
  test("reads whatever renderNote() writes", () => {
    fc.assert(
      fc.property(note, (one) => {
        const written = renderNote(one);

        expect(parseNote(notePath(one.id), written, 0)).toEqual(one);
        expect(renderNote(parseNote(notePath(one.id), written, 0))).toBe(written);
      }),
      { numRuns: 500 },
    );
  });

  test("reads what a person writes, and trusts it least", () => {
    const read = parseNote(
      "memory/notes/tea.md",
      '---\r\nsummary: Tea: green\r\n# mine\r\norigins: [user, "file:a.md"]\r\n---\r\nTwo minutes.\r\n',
      42,
    );

    expect(read).toMatchObject({
      id: "tea",
      type: "fact",
      summary: "Tea: green",
      body: "Two minutes.",
      createdAt: 42,
      label: { integrity: "untrusted", origins: ["file:a.md", "user"] },
    });
  });

  test.each([
    ["no front matter", "Tea"],
    ["no end of it", "---\nsummary: a\n"],
    ["no summary", "---\ntype: fact\n---\n"],
    ["a key said twice", "---\nsummary: a\nsummary: b\n---\n"],
    ["a line without a key", "---\nsummary: a\n- b\n---\n"],
    ["a list that is none", "---\nsummary: a\norigins: [a\n---\n"],
    ["a wrong time", "---\nsummary: a\ncreated: soon\n---\n"],
    ["a wrong number", "---\nsummary: a\nuses: -1\n---\n"],
    ["another id", "---\nsummary: a\nid: coffee\n---\n"],
    ["an end before the beginning", "---\nsummary: a\nvalid_from: 2026-01-02\nvalid_to: 2026-01-01\n---\n"],
    ["a type of several words", "---\nsummary: a\ntype: Some Thing\n---\n"],
  ])("refuses %s", (_what, content) => {
    expect(() => parseNote("memory/notes/tea.md", content, 0)).toThrow(
      expect.objectContaining({ code: "memory.invalid_note" }),
    );
  });
});

describe("renderFrontLines()", () => {
  test("keeps words apart that stand in quotes, and takes those without", () => {
    const items = ["a, b, c", '["x"]', 'say \\"no\\", ever', "e]"];

    expect(parseFrontLines("x", renderFrontLines([["a", items]], "")).fields.get("a")).toEqual(items);
    expect(parseFrontLines("x", '---\na: [one, two words , "three, four"]\n---\n').fields.get("a")).toEqual([
      "one",
      "two words",
      "three, four",
    ]);
  });

  test("lets no value begin a line or end the front matter", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "binary" }).filter((value) => value.isWellFormed()),
        text,
        (value, body) => {
          const written = renderFrontLines(
            [
              ["a", value],
              ["b", [value, "x"]],
            ],
            body,
          );

          const { fields, body: read } = parseFrontLines("x", written);

          expect([...fields]).toEqual([
            ["a", value],
            ["b", [value, "x"]],
          ]);
          expect(read).toBe(body);
        },
      ),
      { numRuns: 500 },
    );
  });
});
