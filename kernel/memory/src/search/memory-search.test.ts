import { workspaceLabel } from "@tau/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { createMemoryHistory } from "../history/memory-history.ts";
import { signal } from "../memory.test.support.ts";
import { createNoteBook } from "../notes/note-book.ts";
import { createTransientStore } from "../store/transient-store.ts";
import { describeSearchIndex } from "../testing/index.ts";
import { createMemorySearch } from "./memory-search.ts";
import { parseQuery } from "./query.ts";
import { createTransientIndex } from "./transient-index.ts";

describeSearchIndex("createTransientIndex()", () =>
  Promise.resolve({ index: createTransientIndex(), [Symbol.asyncDispose]: () => Promise.resolve() }),
);

describe("createMemorySearch()", () => {
  test("finds what is there now, whoever wrote it, and nothing outside of its prefixes", async () => {
    const store = createTransientStore();
    const search = createMemorySearch({ store, index: createTransientIndex(), prefixes: ["memory/files/"] });
    const find = async (query: string): Promise<readonly string[]> =>
      (await search.search(query, 10, signal)).map(({ path }) => path);
    await store.save("memory/files/a.md", "apples", {}, signal);
    await store.save("memory/inbox/b.md", "apples", {}, signal);

    expect(await find("apples")).toEqual(["memory/files/a.md"]);
    await store.save("memory/files/a.md", "pears", {}, signal);
    await store.save("memory/files/c.md", "apples", {}, signal);
    expect(await find("apples")).toEqual(["memory/files/c.md"]);
    await store.delete("memory/files/c.md", {}, signal);
    expect(await find("apples")).toEqual([]);
    expect(await find("pears")).toEqual(["memory/files/a.md"]);
    expect(await find(" … ")).toEqual([]);
  });

  test("finds notes by what they say and not by their front matter", async () => {
    const store = createTransientStore();
    const notes = createNoteBook({ store, history: createMemoryHistory({ store }) });
    const search = createMemorySearch({ store, index: createTransientIndex(), prefixes: ["memory/notes/"] });
    await notes.add(
      notes.draft(
        { summary: "Deploy on Fridays", body: "Never at night.", id: "x", label: workspaceLabel },
        { by: "ada" },
      ),
      { by: "ada" },
      signal,
    );
    await store.save("memory/notes/broken.md", "night", {}, signal);

    for (const query of ["fridays", "night", "fact"])
      expect(await search.search(query, 10, signal)).toHaveLength(1);
    for (const query of ["integrity", "valid_from", "ada"])
      expect(await search.search(query, 10, signal)).toEqual([]);
  });
});

describe("parseQuery()", () => {
  test("reads words, rows of words and beginnings", () => {
    expect(parseQuery('Ärger "zwei Worte" an* a.b')).toEqual([
      { words: ["arger"], isPrefix: false },
      { words: ["zwei", "worte"], isPrefix: false },
      { words: ["an"], isPrefix: true },
      { words: ["a", "b"], isPrefix: false },
    ]);
    expect(parseQuery('"never closed')).toEqual([{ words: ["never", "closed"], isPrefix: false }]);
  });

  test("gives few, short words without anything that an engine could read otherwise", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 400 }), (query) => {
        const terms = parseQuery(query);
        expect(terms.length).toBeLessThanOrEqual(16);
        for (const { words } of terms)
          for (const word of words) expect(word).toMatch(/^[\p{L}\p{N}\p{Co}\p{M}]{1,64}$/u);
      }),
    );
  });
});
