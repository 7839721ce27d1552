import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { conversationWriter, listWriter } from "./wire-fragments.ts";

interface Item {
  readonly says: string;
}

const items: readonly Item[] = ["a", "", "b", "ü", "", "long ".repeat(20)].map((says) => ({ says }));

function plainly(list: readonly Item[]): string {
  return list
    .map(({ says }) => says)
    .filter((says) => says !== "")
    .join(",");
}

describe("listWriter()", () => {
  test("writes every list as if it were the first, whatever was written before", () => {
    fc.assert(
      fc.property(fc.array(fc.array(fc.constantFrom(...items), { maxLength: 8 })), (lists) => {
        const write = listWriter(({ says }: Item) => says);

        for (const list of lists) expect(write(list)).toBe(plainly(list));
      }),
    );
  });

  test("writes a value once as long as its list only grows", () => {
    const written: Item[] = [];
    const write = listWriter((item: Item) => {
      written.push(item);
      return item.says;
    });

    for (let length = 0; length <= items.length; length++) write(items.slice(0, length));
    write(items);

    expect(written).toEqual(items);
  });

  test("writes only from where a list differs", () => {
    const written: string[] = [];
    const write = listWriter(({ says }: Item) => {
      written.push(says);
      return says;
    });
    const [first, second, fork] = ["1", "2", "fork"].map((says) => ({ says }));
    if (first === undefined || second === undefined || fork === undefined) throw new Error("unreachable");

    write([first, second]);

    expect(write([first, fork])).toBe("1,fork");
    expect(written).toEqual(["1", "2", "fork"]);
  });

  test("tells the writer which value came before, also across two lists", () => {
    const pairs: string[] = [];
    const write = listWriter(({ says }: Item, previous: Item | undefined) => {
      pairs.push(`${previous?.says}>${says}`);
      return says;
    });
    const [a, b, c] = [{ says: "a" }, { says: "b" }, { says: "c" }];

    write([a, b]);
    write([a, b, c]);

    expect(pairs).toEqual(["undefined>a", "a>b", "b>c"]);
  });

  test("is as it was when a value cannot be written", () => {
    const write = listWriter(({ says }: Item) => {
      if (says === "bad") throw new Error("This cannot be said.");
      return says;
    });
    const [first, good] = [{ says: "first" }, { says: "good" }];
    write([first]);

    expect(() => write([first, good, { says: "bad" }])).toThrow("This cannot be said.");
    expect(write([first, good])).toBe("first,good");
  });

  test("marks values on the way out, and forgets the marks", () => {
    const write = listWriter(({ says }: Item) => says);
    const blocks = ["{a}", "", "{b}", "{c}"].map((says) => ({ says }));

    expect(write(blocks, { text: "!", fromEnd: 1, places: [0, 3] })).toBe("{a!},{b},{c!}");
    expect(write(blocks, { text: "?", fromEnd: 0, places: [2] })).toBe("{a},{b}?,{c}");
    expect(write(blocks, { text: "?", fromEnd: 0, places: [] })).toBe("{a},{b},{c}");
    expect(write(blocks)).toBe("{a},{b},{c}");
  });
});

describe("conversationWriter()", () => {
  test("writes every list and its marks as listWriter() does, whatever was written before", () => {
    const list = fc.array(fc.constantFrom(...items), { maxLength: 4 });
    const mark = fc.option(
      fc.record({ text: fc.constant("!"), fromEnd: fc.nat(1), places: fc.constant([0]) }),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(list, mark)), (calls) => {
        const write = conversationWriter(({ says }: Item) => `{${says}}`);

        for (const [values, marked] of calls) {
          const plain = listWriter(({ says }: Item) => `{${says}}`);
          expect(write(values, marked ?? undefined)).toBe(plain(values, marked ?? undefined));
        }
      }),
    );
  });

  test("keeps nothing of a value that stands alone", () => {
    let written = 0;
    const write = conversationWriter(({ says }: Item) => `${says} ${++written}`);
    const [first, second] = [{ says: "first" }, { says: "second" }];

    expect([write([first]), write([first])]).toEqual(["first 1", "first 2"]);
    expect([write([first, second]), write([first, second])]).toEqual([
      "first 3,second 4",
      "first 3,second 4",
    ]);
  });
});
