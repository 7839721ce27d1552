import { userText } from "@tau/core";
import type { AssistantPart, Message } from "@tau/core";
import { describe, expect, test } from "vitest";

import { claude, llama, read, call, result, bodyOf, contentOf } from "./request.test.support.ts";

describe("messages of Converse requests", () => {
  test("write ids of calls as the model allows them, for the call and its result alike", async () => {
    const id = "functions.read:0|x";
    const messages: readonly Message[] = [
      { role: "assistant", parts: [{ ...call, id }] },
      { role: "tool", parts: [{ ...result, callId: id }] },
    ];
    const idsOf = async (model: string): Promise<readonly string[]> =>
      [
        ...JSON.stringify(await bodyOf({ messages, tools: [read] }, { model })).matchAll(
          /"toolUseId":"([^"]*)"/g,
        ),
      ].map(([, found]) => found ?? "");

    expect(await idsOf(claude)).toEqual(["functions_read_0_x", "functions_read_0_x"]);
    expect(await idsOf("moonshot.kimi-k2-thinking")).toEqual(["functions.read:0_x", "functions.read:0_x"]);
  });

  test("say that a tool failed, where the model has no flag in words", async () => {
    const message: Message = { role: "tool", parts: [{ ...result, isError: true, content: [] }] };

    expect(await contentOf(message)).toEqual([
      { toolResult: { toolUseId: "c1", content: [{ text: "(empty)" }], status: "error" } },
    ]);
    expect(await contentOf(message, { model: llama })).toEqual([
      { toolResult: { toolUseId: "c1", content: [{ text: "[tool error]" }] } },
    ]);
  });

  test("leave out thinking that an answer ends with, cut there", async () => {
    const thought: AssistantPart = { type: "thinking", text: "hm", signature: "sig" };
    const said: AssistantPart = { type: "text", text: "Hi" };

    expect(await contentOf({ role: "assistant", parts: [thought, said, thought] })).toEqual([
      { reasoningContent: { reasoningText: { text: "hm", signature: "sig" } } },
      { text: "Hi" },
    ]);
  });

  test("carry broken arguments as what they were, and never an empty message", async () => {
    const broken: AssistantPart = { type: "tool_call", id: "c", name: "read", arguments: '{"b":' };

    expect(await contentOf({ role: "assistant", parts: [broken] })).toEqual([
      { toolUse: { toolUseId: "c", name: "read", input: { invalid_json: '{"b":' } } },
    ]);
    expect(await contentOf(userText(" "))).toEqual([{ text: "(empty)" }]);
  });

  test("name documents as the protocol allows, each by another name, with text beside them", async () => {
    const file = (name: string, data: string): Message => ({
      role: "user",
      parts: [{ type: "file", mediaType: "text/markdown", name, source: { kind: "base64", data } }],
    });
    const [first, text] = Object(await contentOf(file("a/b: c  d.md", "AAAA")));
    const [second] = Object(await contentOf(file("a/b: c  d.md", "BBBB")));

    expect(first.document).toMatchObject({
      format: "md",
      name: expect.stringMatching(/^a-b- c d-[0-9a-f]{8}$/),
    });
    expect(second.document.name).not.toBe(first.document.name);
    expect(text).toEqual({ text: "(document)" });
  });
});
