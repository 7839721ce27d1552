import type { JsonObject, ModelEvent } from "@tau/core";
import { describe, expect, test } from "vitest";

import { ToolCallAssembly } from "./tool-call-assembly.ts";

function assembled(...deltas: readonly JsonObject[]) {
  const calls = new ToolCallAssembly("local");
  const events: ModelEvent[] = [];
  for (const delta of deltas) calls.add(delta, events);
  return calls.finish().map(({ id, name, arguments: text }) => [id, name, text]);
}

const piece = (id: string, text: string): JsonObject => ({ id, function: { arguments: text } });

describe("ToolCallAssembly", () => {
  test("takes a piece with a new id and no name for one of the call before, as older vLLM makes an id for each", () => {
    expect(
      assembled(
        { index: 0, id: "a", type: "function", function: { name: "read" } },
        { index: 0, ...piece("b", '{"p"') },
        { index: 0, ...piece("c", ":1}") },
        { index: 1, id: "d", type: "function", function: { name: "look" } },
        { index: 1, ...piece("e", "{}") },
      ),
    ).toEqual([
      ["a", "read", '{"p":1}'],
      ["d", "look", "{}"],
    ]);
  });

  test.each([{ index: 0 }, {}])("tells calls apart by their ids where the index does not: %o", (index) => {
    expect(
      assembled(
        { ...index, id: "a", function: { name: "read" } },
        { ...index, id: "b", function: { name: "look" } },
        { ...index, ...piece("a", '{"p"') },
        { ...index, ...piece("b", "{}") },
        { ...index, ...piece("a", ":1}") },
      ),
    ).toEqual([
      ["a", "read", '{"p":1}'],
      ["b", "look", "{}"],
    ]);
  });

  test.each([
    ["text", '{"p":1}', '{"p":1}'],
    ["an object", { p: 1 }, '{"p":1}'],
  ])(
    "takes an empty piece with an id of its own for no call, and arguments for what they are: %s",
    (_name, sent, text) => {
      const read = { index: 0, id: "a", function: { name: "read" } };
      const withArguments = { index: 0, id: "b", function: { arguments: sent } };
      const empty = { index: 0, ...piece("c", "") };

      expect(assembled(read, withArguments, empty)).toEqual([["a", "read", text]]);
      expect(assembled(read, empty, { ...withArguments, id: "d" })).toEqual([["a", "read", text]]);
    },
  );

  test("joins pieces that have the name and an id of their own, where no call could begin so", () => {
    const named = (id: string, text: string): JsonObject => ({
      index: 0,
      id,
      function: { name: "read", arguments: text },
    });

    expect(
      assembled(named("a", '{"p":{"q"'), named("b", ":1}"), named("c", ',"r":2'), named("d", "}")),
    ).toEqual([["a", "read", '{"p":{"q":1},"r":2}']]);
    expect(assembled(named("a", '{"p":1}'), named("b", '{"p":2}'), named("c", ""))).toEqual([
      ["a", "read", '{"p":1}'],
      ["b", "read", '{"p":2}'],
      ["c", "read", "{}"],
    ]);
    expect(assembled(named("a", '{"p"'), { ...named("b", ":1}"), index: 1 })).toHaveLength(2);
  });

  test.each([
    ["null", "null", "{}", "{}"],
    ["", "null", "{}", "{}"],
    [JSON.stringify('{"p":1}'), JSON.stringify('{"p":2}')],
    ["[1]", "[2]"],
  ])(
    "keeps calls of one tool apart whose arguments begin no object: %s, %s",
    (...[first, second, ...told]) => {
      const expected = told.length === 0 ? [first, second] : told;
      for (const index of [{ index: 0 }, {}]) {
        const now = (id: string, text: string | undefined): JsonObject => ({
          ...index,
          id,
          function: { name: "now", arguments: text ?? "" },
        });

        expect(assembled(now("a", first), now("b", second))).toEqual([
          ["a", "now", expected[0]],
          ["b", "now", expected[1]],
        ]);
      }
    },
  );

  test("joins named pieces of an object that begins with a blank, in a piece of its own", () => {
    const named = (id: string, text: string): JsonObject => ({
      id,
      function: { name: "read", arguments: text },
    });

    expect(assembled(named("a", " "), piece("b", '\n{"p"'), named("c", ":null"), named("d", "}"))).toEqual([
      ["a", "read", ' \n{"p":null}'],
    ]);
  });

  test.each([
    ["an empty piece of the call before", { index: 0, ...piece("b", "") }, true],
    ["nothing of a call of its own", { index: 1, ...piece("b", "") }, false],
    ["arguments of a call of its own", { index: 1, ...piece("b", "{}") }, false],
  ])("is complete only where nothing lacks a name but an empty piece: %s", (_name, nameless, isComplete) => {
    const calls = new ToolCallAssembly("local");
    calls.add({ index: 0, id: "a", function: { name: "read" } }, []);
    calls.add(nameless, []);

    expect([calls.isComplete, calls.count]).toEqual([isComplete, 1]);
  });
});
