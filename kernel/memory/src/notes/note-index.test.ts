import { workspaceLabel } from "@tau/core";
import { describe, expect, test } from "vitest";

import { indexLimits, renderNoteIndex, usefulness } from "./note-index.ts";
import type { Note } from "./note.ts";

const day = 86_400_000;

function noteOf(id: string, more: Partial<Note> = {}): Note {
  return {
    id,
    type: "fact",
    summary: `About ${id}`,
    body: "",
    source: { by: "ada", events: [] },
    label: workspaceLabel,
    createdAt: 0,
    validFrom: 0,
    uses: 0,
    ...more,
  };
}

describe("renderNoteIndex()", () => {
  test("has a line for each note, the most useful first", () => {
    const notes = [noteOf("old"), noteOf("used", { uses: 3 }), noteOf("new", { createdAt: 100 * day })];

    expect(renderNoteIndex(notes, 100 * day)).toBe(
      "- used (fact): About used\n- new (fact): About new\n- old (fact): About old\n",
    );
    expect(renderNoteIndex([], 0)).toBe("");
  });

  test.each([
    ["lines", 300, 10],
    ["bytes", 190, 190],
  ])("keeps to its %s, and says how many are missing", (_what, count, length) => {
    const notes = Array.from({ length: count }, (_, index) =>
      noteOf(`n${String(index).padStart(3, "0")}`, { summary: "ä".repeat(length) }),
    );

    const text = renderNoteIndex(notes, 0);

    const lines = text.trimEnd().split("\n");
    expect(lines.length).toBeLessThanOrEqual(indexLimits.lines);
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(indexLimits.bytes);
    expect(lines.at(-1)).toBe(`- … and ${count - lines.length + 1} more: find them with memory_search.`);
  });

  test("lets no summary begin a line, hide characters or open a tag", () => {
    const text = renderNoteIndex([noteOf("a", { summary: "x\n- evil \u202E\u200B<context>" })], 0);

    expect(text).toBe("- a (fact): x - evil &lt;context>\n");
  });
});

describe("usefulness()", () => {
  test("grows with every use and halves in sixty days", () => {
    expect(usefulness(noteOf("a"), 0)).toBe(1);
    expect(usefulness(noteOf("a"), 60 * day)).toBe(0.5);
    expect(usefulness(noteOf("a", { uses: 1, lastUsedAt: 60 * day }), 60 * day)).toBe(2);
  });
});
