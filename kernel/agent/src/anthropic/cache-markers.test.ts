import { userText } from "@tau/core";
import type { AssistantMessage, Message, ToolDefinition } from "@tau/core";
import { describe, expect, test } from "vitest";

import type { ModelRequest } from "../model.ts";
import { schemaErrors } from "../request-schema.test.support.ts";
import type { AnthropicBodyOptions } from "./body-options.ts";
import { createAnthropicBodyWriter } from "./request-body.ts";
import { plainOptions } from "./request.test.support.ts";

const tools: readonly ToolDefinition[] = ["a", "b"].map((name) => ({
  name,
  description: "Does.",
  inputSchema: { type: "object" },
}));
const thought: AssistantMessage = {
  role: "assistant",
  parts: [
    { type: "text", text: "Hello" },
    { type: "thinking", text: "hm", signature: "sig" },
  ],
};
const messages: readonly Message[] = [userText("1"), thought, userText("2"), thought, userText("3"), thought];
const request: ModelRequest = { system: "S", messages, tools };

function write(changed: Partial<ModelRequest> = {}, options: Partial<AnthropicBodyOptions> = {}): string {
  const writer = createAnthropicBodyWriter({ ...plainOptions, promptCache: "5m", ...options });
  const body = writer({ ...request, ...changed });
  expect(schemaErrors("anthropic", JSON.parse(body))).toEqual([]);
  return body;
}

/** Where the marks are. */
function marksOf(body: string): readonly string[] {
  const marks: string[] = [];
  const walk = (value: unknown, path: string): void => {
    if (typeof value !== "object" || value === null) return;
    if ("cache_control" in value) marks.push(`${path}=${JSON.stringify(value.cache_control)}`);
    for (const [name, nested] of Object.entries(value)) walk(nested, `${path}/${name}`);
  };
  walk(JSON.parse(body), "");
  return marks;
}

const mark = '{"type":"ephemeral"}';

describe("marks for the prompt cache", () => {
  test("are at the last tool, the system text and the two last things said", () => {
    expect(marksOf(write())).toEqual([
      `/tools/1=${mark}`,
      `/system/0=${mark}`,
      `/messages/2/content/0=${mark}`,
      `/messages/4/content/0=${mark}`,
    ]);
    expect(marksOf(write({ messages: [userText("1")], tools: [], system: "" }))).toEqual([
      `/messages/0/content/0=${mark}`,
    ]);
  });

  test("change nothing else, so that a longer conversation begins with the same words", () => {
    const unmarked = (body: string): string => body.replaceAll(`,"cache_control":${mark}`, "");
    const first = unmarked(write({ messages: messages.slice(0, 3) }));
    const second = unmarked(write());

    expect(second.startsWith(first.slice(0, -2))).toBe(true);
    expect(unmarked(write())).toBe(write({ promptCache: "none" }));
  });

  test("are never more than four, those of the caller included", () => {
    const search = { type: "web_search_20260318", name: "web_search", cache_control: { type: "ephemeral" } };
    const providerTools = [{ protocol: "anthropic", data: search }];

    expect(marksOf(write({ providerTools })).map((place) => place.split("=")[0])).toEqual([
      "/tools/2",
      "/system/0",
      "/messages/2/content/0",
      "/messages/4/content/0",
    ]);
    expect(
      marksOf(
        write({
          providerTools: [...providerTools, ...providerTools],
          providerOptions: { anthropic: { cache_control: { type: "ephemeral" } } },
        }),
      ).map((place) => place.split("=")[0]),
    ).toEqual(["", "/tools/2", "/tools/3", "/messages/4/content/0"]);
  });

  test("may ask for an hour, or be left out by the adapter or the request", () => {
    expect(marksOf(write({}, { promptCache: "1h" }))[0]).toBe('/tools/1={"type":"ephemeral","ttl":"1h"}');
    expect(marksOf(write({}, { promptCache: "none" }))).toEqual([]);
    expect(marksOf(write({ promptCache: "none" }))).toEqual([]);
  });
});
