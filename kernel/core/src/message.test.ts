import { describe, expect, test } from "vitest";

import { type AssistantMessage, textOf, toolCallsOf, userText } from "./message.ts";

const answer: AssistantMessage = {
  role: "assistant",
  parts: [
    { type: "thinking", text: "hidden", signature: "sig" },
    { type: "text", text: "I look " },
    { type: "tool_call", id: "c1", name: "read", arguments: '{"path":"a"}' },
    { type: "text", text: "at it." },
    { type: "tool_call", id: "c2", name: "read", arguments: "{" },
  ],
};

describe("userText()", () => {
  test("makes a message that textOf() reads back", () => {
    expect(textOf(userText("Hello"))).toBe("Hello");
    expect(userText("Hello").role).toBe("user");
  });
});

describe("textOf()", () => {
  test("joins the text and leaves thinking and tool calls out", () => {
    expect(textOf(answer)).toBe("I look at it.");
  });
});

describe("toolCallsOf()", () => {
  test("lists the calls in order, their arguments untouched", () => {
    expect(toolCallsOf(answer).map((call) => [call.id, call.arguments])).toEqual([
      ["c1", '{"path":"a"}'],
      ["c2", "{"],
    ]);
  });
});
