import { userText } from "@tau/core";
import type { Message } from "@tau/core";
import { describe, expect, test } from "vitest";

import { createAnthropicBodyWriter } from "./anthropic/request-body.ts";
import { toCallId } from "./call-id.ts";
import { openAiDialect } from "./openai-chat/dialect.ts";
import { dialectOf, findProvider } from "./openai-chat/providers.ts";
import { createOpenAiBodyWriter } from "./openai-chat/request-body.ts";
import { createResponsesBodyWriter } from "./openai-responses/request-body.ts";
import { responsesSettings } from "./openai-responses/settings.ts";

const nine = { pattern: /^[a-z]{9}$/, length: 9 };

describe("toCallId()", () => {
  test("keeps what fits and makes the same id of the same other one", () => {
    expect(toCallId("abcdefghi", nine)).toBe("abcdefghi");
    expect(toCallId("functions.read:0", nine)).toMatch(/^[0-9a-f]{9}$/);
    expect(toCallId("functions.read:0", nine)).toBe(toCallId("functions.read:0", nine));
  });

  test("keeps apart what differs", () => {
    const ids = ["functions.read:0", "functions.read:1", "functions_read.0", ""];

    expect(new Set(ids.map((id) => toCallId(id, nine))).size).toBe(ids.length);
  });
});

/** A round of tools that other providers made. */
function roundOf(ids: readonly string[]): readonly Message[] {
  return [
    userText("Go."),
    {
      role: "assistant",
      parts: ids.map((id) => ({ type: "tool_call", id, name: "read", arguments: "{}" })),
    },
    {
      role: "tool",
      parts: ids.map((callId) => ({
        type: "tool_result",
        callId,
        name: "read",
        content: [{ type: "text", text: "ok" }],
        isError: false,
      })),
    },
  ];
}

const foreign = [
  "functions.read:0",
  "toolu_01VtWT6cAKHFZxepjCR9Bwk8",
  "call_MgGVx3hRe0DbWL6BURPysHqs",
  "D681PevKs",
  "x".repeat(70),
];
const identity = { provider: "any", model: "any" };
const request = { messages: roundOf(foreign), tools: [] };
const mistral = dialectOf(findProvider("mistral"));

describe("the ids of calls that another provider made", () => {
  test.each([
    [
      "Anthropic",
      () =>
        createAnthropicBodyWriter({
          identity,
          maxOutputTokens: 100,
          thinking: "none",
          enforcesSchema: true,
          sampling: true,
          promptCache: "none",
          citeDocuments: false,
        })(request),
      /"(?:id|tool_use_id)":"([^"]*)"/g,
      /^[a-zA-Z0-9_-]{1,64}$/,
      3,
    ],
    [
      "OpenAI Chat Completions",
      () => createOpenAiBodyWriter(openAiDialect, identity)(request),
      /"(?:id|tool_call_id)":"([^"]*)"/g,
      /^.{1,40}$/,
      4,
    ],
    [
      "Mistral",
      () => createOpenAiBodyWriter(mistral, identity)(request),
      /"(?:id|tool_call_id)":"([^"]*)"/g,
      /^[a-zA-Z0-9]{9}$/,
      1,
    ],
    [
      "OpenAI Responses",
      () => createResponsesBodyWriter(responsesSettings({ model: "any" }), identity)(request),
      /"call_id":"([^"]*)"/g,
      /^.{1,64}$/,
      4,
    ],
  ])("fit %s, and results still name their calls", (_, write, places, allowed, kept) => {
    const ids = [...write().matchAll(places)].map((match) => match[1] ?? "");
    const [calls, results] = [ids.slice(0, foreign.length), ids.slice(foreign.length)];

    expect(results).toEqual(calls);
    expect(new Set(calls).size).toBe(foreign.length);
    expect(calls.filter((id) => !allowed.test(id))).toEqual([]);
    expect(calls.filter((id, index) => id === foreign[index])).toHaveLength(kept);
  });
});
