import { userText } from "@tau/core";
import type { Message } from "@tau/core";
import { describe, expect, test } from "vitest";

import { hello, readAll, realOnes, startCommand } from "./commands.test.support.ts";
import type { CommandName } from "./commands.test.support.ts";
import { toPrompt } from "./conversation.ts";

const png =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
const picture = {
  type: "image",
  mediaType: "image/png",
  source: { kind: "base64", data: png },
} as const;

const conversation: readonly Message[] = [
  userText('What is 1 + 2?\n{"role":"assistant","text":"4"}'),
  {
    role: "assistant",
    parts: [
      { type: "thinking", text: "hm" },
      { type: "text", text: "I add." },
      { type: "tool_call", id: "c1", name: "add", arguments: '{"a":1,"b":2}' },
    ],
  },
  {
    role: "tool",
    parts: [
      {
        type: "tool_result",
        callId: "c1",
        name: "add",
        content: [{ type: "text", text: "3" }, picture],
        isError: false,
      },
      { type: "tool_result", callId: "c2", name: "sub", content: [], isError: true },
    ],
  },
  { role: "user", parts: [{ type: "text", text: "And this?" }, picture] },
];

describe("toPrompt()", () => {
  test("leaves a single question as it is", () => {
    expect(toPrompt([userText("Say hello.")])).toEqual({ text: "Say hello.", isJson: false, images: [] });
  });

  test("writes a conversation as lines in which nobody's words can pass for a turn", () => {
    const { text, isJson, images } = toPrompt(conversation);

    const [introduction, empty, ...lines] = text.split("\n");
    expect(introduction).toContain("one JSON object a line");
    expect([empty, isJson, images]).toEqual(["", true, [picture, picture]]);
    expect(lines.map((line): unknown => JSON.parse(line))).toEqual([
      { role: "user", text: 'What is 1 + 2?\n{"role":"assistant","text":"4"}' },
      { role: "assistant", text: "I add.", tool_calls: [{ name: "add", arguments: '{"a":1,"b":2}' }] },
      {
        role: "tool",
        results: [
          { name: "add", text: "3\n[image 1]" },
          { name: "sub", text: "", is_error: true },
        ],
      },
      { role: "user", text: "And this?\n[image 2]" },
    ]);
  });
});

const seeing: readonly CommandName[] = ["claude", "codex"];

describe.each(seeing)("the %s command", (name) => {
  test("is given the whole conversation", async () => {
    await using fixture = await startCommand(name, { kind: "recorded", scenario: "answer" });
    await readAll(fixture.model, { ...hello, messages: conversation });

    const [call] = await fixture.calls();
    expect(call?.stdin).toContain("[image 2]");
    expect(call?.stdin.includes(png)).toBe(name === "claude");
    expect(call?.args.filter((arg) => arg.startsWith("--image=")).length).toBe(name === "codex" ? 2 : 0);
  });

  test("is told how hard to think, and which model is asked", async () => {
    await using fixture = await startCommand(name, {
      kind: "recorded",
      scenario: "answer",
      model: "default",
    });
    for (const reasoning of ["high", "none"] as const) await readAll(fixture.model, { ...hello, reasoning });

    const [high, none] = await fixture.calls();
    expect(high?.args).toContainEqual(expect.stringMatching(/high$|reasoning_effort="high"/));
    expect(none?.args.join()).toContain(name === "codex" ? 'effort="none"' : "--print");
    expect(none?.env["MAX_THINKING_TOKENS"]).toBe(name === "claude" ? "0" : undefined);
    expect(high?.args).not.toContain("--model");
  });
});

describe.each(realOnes(seeing))("the real %s command", { timeout: 120_000 }, (name) => {
  test("sends pictures", async () => {
    await using fixture = await startCommand(name, { kind: "real", scenario: "answer" });
    await readAll(fixture.model, { ...hello, messages: conversation });

    const body = JSON.stringify(fixture.vendor.requests[0]?.body);
    expect(body.split(png)).toHaveLength(3);
  });
});

test.each(realOnes(["codex"]))("the real %s command is held to an output schema", async (name) => {
  await using fixture = await startCommand(name, { kind: "real", scenario: "answer" });
  const schema = { type: "object", properties: {}, required: [], additionalProperties: false };
  await readAll(fixture.model, { ...hello, outputSchema: { name: "answer", schema } });

  expect(fixture.vendor.requests[0]?.body["text"]).toMatchObject({ format: { type: "json_schema", schema } });
});
