import { workspaceLabel } from "@tau/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { notesAsOf } from "./as-of.ts";
import type { Note } from "./note.ts";

const base: Note = {
  id: "a",
  type: "fact",
  summary: "A",
  body: "",
  source: { by: "ada", events: [] },
  label: workspaceLabel,
  createdAt: 10,
  validFrom: 0,
  uses: 0,
};

function ids(notes: readonly Note[], validAt: number, knownAt: number): readonly string[] {
  return notesAsOf(notes, { validAt, knownAt }).map(({ id }) => id);
}

describe("notesAsOf()", () => {
  test("tells what held by what was known (B1, B2)", () => {
    // Since day 5 it is B, which was learnt on day 20.
    const notes = [base, { ...base, id: "b", createdAt: 20, validFrom: 5, supersedes: "a" }];

    expect(ids(notes, 7, 5)).toEqual([]);
    expect(ids(notes, 7, 15)).toEqual(["a"]);
    expect(ids(notes, 7, 25)).toEqual(["b"]);
    expect(ids(notes, 3, 25)).toEqual(["a"]);
  });

  test("lets a note hold again when what replaced it is retracted (B2, B3)", () => {
    const notes = [
      base,
      {
        ...base,
        id: "b",
        createdAt: 20,
        validFrom: 5,
        supersedes: "a",
        retracted: { at: 30, because: "wrong" },
      },
    ];

    expect(ids(notes, 7, 25)).toEqual(["b"]);
    expect(ids(notes, 7, 35)).toEqual(["a"]);
  });

  test("ends a note where it says it ends", () => {
    const notes = [{ ...base, validTo: 5 }];

    expect(ids(notes, 4, 20)).toEqual(["a"]);
    expect(ids(notes, 5, 20)).toEqual([]);
  });

  test("never changes what was known by writing more down later", () => {
    const at = fc.integer({ min: 0, max: 20 });
    const some = fc.array(
      fc.record({ createdAt: at, validFrom: at, supersedes: fc.option(at), retracted: fc.option(at) }),
      { maxLength: 10 },
    );

    fc.assert(
      fc.property(some, at, at, (made, knownAt, validAt) => {
        const notes = made.map(({ createdAt, validFrom, supersedes, retracted }, index) => ({
          ...base,
          id: String(index),
          createdAt,
          validFrom,
          ...(supersedes === null ? {} : { supersedes: String(supersedes) }),
          ...(retracted === null ? {} : { retracted: { at: retracted, because: "" } }),
        }));
        const then = notes
          .filter(({ createdAt }) => createdAt <= knownAt)
          .map(({ retracted, ...note }) =>
            retracted === undefined || retracted.at > knownAt ? note : { ...note, retracted },
          );

        expect(ids(notes, validAt, knownAt)).toEqual(ids(then, validAt, knownAt));
      }),
    );
  });
});
