import type { PersonReply, ToolQuestion } from "@tau/tools";
import { describe, expect, test } from "vitest";

import { callOf } from "../mcp.test.support.ts";
import { askInRun } from "./ask-in-run.ts";
import type { PersonAnswer, PersonRequest } from "./ask-person.ts";

const form: PersonRequest = {
  kind: "form",
  server: "inn",
  message: "Your room\u200b?",
  schema: {
    type: "object",
    properties: {
      name: { type: "string", title: "Your name" },
      nights: { type: "integer" },
      view: { type: "string", enum: ["sea", "hill"] },
    },
    required: ["name", "nights"],
  },
};

/** Answers one question after the other with these words; `undefined` is a person who does not want to. */
async function answered(
  request: PersonRequest,
  words: readonly (string | undefined)[],
  by = "ada",
): Promise<{ readonly answer: PersonAnswer; readonly asked: readonly ToolQuestion[] }> {
  const asked: ToolQuestion[] = [];
  const ask = async (question: ToolQuestion): Promise<PersonReply> => {
    const note = words[asked.length];
    asked.push(question);
    return await Promise.resolve(
      note === undefined ? { answer: "deny", by } : { answer: "answer", note, by },
    );
  };
  const { signal } = callOf();
  return { answer: await askInRun()(request, { call: callOf(), signal, ask }), asked };
}

describe("askInRun()", () => {
  test("asks for each field of a form, again for what does not fit, and shows what has no shape", async () => {
    const { answer, asked } = await answered(form, ["Ada", "two", "2", "(leave out)"]);

    expect(answer).toEqual({ action: "accept", content: { name: "Ada", nights: 2 } });
    expect(asked.map(({ question }) => question?.text)).toEqual([
      'The MCP server "inn" asks: Your room⟨U+200B⟩?\n1 of 3: Your name. Never give secrets.',
      'The MCP server "inn" asks: Your room⟨U+200B⟩?\n2 of 3: nights. Never give secrets.',
      'The MCP server "inn" asks: Your room⟨U+200B⟩?\nThat is no answer to this. 2 of 3: nights. Never give secrets.',
      'The MCP server "inn" asks: Your room⟨U+200B⟩?\n3 of 3: view (one of sea, hill). Never give secrets.',
    ]);
    expect(asked[3]?.question?.options).toEqual(["sea", "hill", "(leave out)"]);
    expect(asked[0]).toMatchObject({ reason: "question", label: { origins: ["mcp:inn"] } });
  });

  test.each([
    ["a person who does not want to declines", [undefined], "ada", "decline"],
    ["also in the middle", ["Ada", undefined], "ada", "decline"],
    ["nobody in time has decided nothing", [undefined], "system", "cancel"],
    ["no answer that fits ends it", ["Ada", "a", "b", "c", "d", "e"], "ada", "cancel"],
  ])("%s", async (_, words, by, action) => {
    expect((await answered(form, words, by)).answer).toEqual({ action });
  });

  test("asks for a yes where a form has no fields, and for a visit to an address", async () => {
    const plain: PersonRequest = { kind: "form", server: "inn", message: "Sure?", schema: {} };
    const visit: PersonRequest = { kind: "url", server: "inn", message: "Pay", url: "https://pay.example/x" };

    expect((await answered(plain, ["yes"])).answer).toEqual({ action: "accept", content: {} });
    expect((await answered(plain, ["no"])).answer).toEqual({ action: "decline" });
    const { answer, asked } = await answered(visit, ["done"]);
    expect(answer).toEqual({ action: "accept" });
    expect(asked[0]?.question?.text).toContain("Open https://pay.example/x yourself");
    expect((await answered(visit, ["later"])).answer).toEqual({ action: "decline" });
  });

  test("asks nobody outside of a run", async () => {
    const { signal } = callOf();

    expect(await askInRun()(form, { call: callOf(), signal })).toEqual({ action: "cancel" });
  });
});
