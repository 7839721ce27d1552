import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { parseQuery } from "../search/query.ts";
import type { IndexedText, SearchIndex } from "../search/search-index.ts";

/** Makes an empty index. */
export type SearchIndexFactory = () => Promise<{ readonly index: SearchIndex } & AsyncDisposable>;

const signal = new AbortController().signal;

function textOf(path: string, title: string, body = "", stamp = "1"): IndexedText {
  return { path: `memory/${path}`, stamp, title, body };
}

/** Checks the contract of the `SearchIndex` port. */
export function describeSearchIndex(name: string, create: SearchIndexFactory): void {
  const find = async (index: SearchIndex, query: string, limit = 10): Promise<readonly string[]> =>
    (await index.query(parseQuery(query), limit, signal)).map(({ path }) => path.replace("memory/", ""));

  describe(`SearchIndex: ${name}`, () => {
    test("finds texts by any word, the best first", async () => {
      await using made = await create();
      const { index } = made;
      await index.update(
        [
          textOf("title", "Deploy the server", "Something else entirely, at some length and more."),
          textOf("body", "Notes", "We deploy on Fridays, and the rest of this text is about other things."),
          textOf("both", "Deploy the server", "How to deploy: deploy it twice."),
          textOf("other", "Tea", "Two minutes."),
        ],
        [],
        signal,
      );

      expect(await find(index, "deploy")).toEqual(["both", "title", "body"]);
      expect(await find(index, "minutes deploy", 2)).toHaveLength(2);
      expect(await find(index, "tea minutes")).toEqual(["other"]);
      expect(await find(index, "nothing")).toEqual([]);
    });

    test("tells words apart neither by case nor by accents", async () => {
      await using made = await create();
      await made.index.update([textOf("a", "Größe der Schürfrechte"), textOf("b", "naïve Ÿ")], [], signal);

      expect(await find(made.index, "GROSSE GRÖßE")).toEqual(["a"]);
      expect(await find(made.index, "schurfrechte")).toEqual(["a"]);
      expect(await find(made.index, "NAIVE")).toEqual(["b"]);
    });

    test("finds words in a row, and beginnings", async () => {
      await using made = await create();
      await made.index.update([textOf("a", "red green blue"), textOf("b", "green red bluebell")], [], signal);

      expect(await find(made.index, '"red green"')).toEqual(["a"]);
      expect(await find(made.index, "blueb*")).toEqual(["b"]);
      expect((await find(made.index, "blue*")).toSorted()).toEqual(["a", "b"]);
    });

    test("replaces and removes, and says what it knows", async () => {
      await using made = await create();
      const { index } = made;
      await index.update([textOf("a", "old"), textOf("b", "kept")], [], signal);

      await index.update([textOf("a", "new", "", "2")], ["memory/b", "memory/none"], signal);

      expect(await find(index, "old kept")).toEqual([]);
      expect(await find(index, "new")).toEqual(["a"]);
      expect([...(await index.stamps(signal))]).toEqual([["memory/a", "2"]]);
    });

    test("shows why, on one line", async () => {
      await using made = await create();
      const long = `${"word ".repeat(60)}\n\nthe needle\tis here ${"word ".repeat(60)}`;
      await made.index.update([textOf("a", "Title", long), textOf("b", "A needle")], [], signal);

      const hits = await made.index.query(parseQuery("needle"), 10, signal);

      const snippets = new Map(hits.map(({ path, snippet }) => [path, snippet]));
      expect(snippets.get("memory/a")).toMatch(/^….*the «needle» is here.*…$/u);
      expect(snippets.get("memory/a")?.length).toBeLessThan(400);
      expect(snippets.get("memory/b")).toBe("A «needle»");
    });

    test("takes no text for anything but words", async () => {
      await using made = await create();
      await made.index.update([textOf("a", "plain")], [], signal);
      const piece = fc.constantFrom(
        '"',
        "'",
        "*",
        "(",
        ")",
        "^",
        ":",
        "-",
        "+",
        "NEAR",
        "AND",
        "OR",
        "NOT",
        "plain",
        "title",
        "{",
        "}",
        "\\",
        ";",
        "--",
        "\0",
        "%",
        "_",
        " ",
      );
      const query = fc.oneof(
        fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join("")),
        fc.string({ unit: "binary", maxLength: 40 }),
      );

      await fc.assert(
        fc.asyncProperty(query, async (text) => {
          const found = await find(made.index, text);
          const words = parseQuery(text).flatMap((term) => term.words);
          if (found.length > 0) expect(words.some((word) => "plain".startsWith(word))).toBe(true);
        }),
        { numRuns: 200 },
      );
      expect([...(await made.index.stamps(signal)).keys()]).toEqual(["memory/a"]);
    });
  });
}
