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
});
