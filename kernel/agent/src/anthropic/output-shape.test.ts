import { textOf, userText } from "@tau/core";
import type { JsonSchema, ToolDefinition } from "@tau/core";
import { describe, expect, test } from "vitest";

import type { ModelRequest } from "../model.ts";
import { startLoopback } from "../testing/loopback.ts";
import { readAll } from "../testing/read-all.ts";
import { schemaErrors } from "../request-schema.test.support.ts";
import { createAnthropic } from "./anthropic.ts";
import type { AnthropicOptions } from "./anthropic.ts";
import { createAnthropicBodyWriter } from "./request-body.ts";
import { plainOptions } from "./request.test.support.ts";

const schema: JsonSchema = {
  type: "object",
  properties: { city: { type: "string" } },
  required: ["city"],
};
const question: ModelRequest = {
  messages: [userText("Where?")],
  tools: [],
  outputSchema: { name: "place", schema },
};
const read: ToolDefinition = { name: "read", description: "Reads.", inputSchema: { type: "object" } };
const hidden = "__respond_with__";

function bodyOf(request: Partial<ModelRequest>, enforcesSchema: boolean): Record<string, unknown> {
  const write = createAnthropicBodyWriter({ ...plainOptions, enforcesSchema });
  const body = JSON.parse(write({ ...question, ...request }));
  expect(schemaErrors("anthropic", body)).toEqual([]);
  return body;
}

function toolsOf(body: Record<string, unknown>): readonly unknown[] {
  return Array.isArray(body["tools"]) ? body["tools"].map((tool) => Object(tool).name) : [];
}

describe("an answer of a given shape", () => {
  test("is enforced by the provider where it can", () => {
    const body = bodyOf({}, true);

    expect(body["output_config"]).toEqual({
      format: { type: "json_schema", schema: { ...schema, additionalProperties: false } },
    });
    expect(toolsOf(body)).toEqual([]);
  });

  test.each([
    ["the model cannot be held to a schema", {}, false],
    ["the caller does not want it enforced", { outputSchema: { name: "x", schema, strict: false } }, true],
    [
      "the schema has fields of any name",
      { outputSchema: { name: "x", schema: { type: "object", additionalProperties: { type: "number" } } } },
      true,
    ],
  ] as const)("is asked for by a hidden tool when %s", (_why, request, enforces) => {
    const body = bodyOf(request, enforces);

    expect(body).not.toHaveProperty("output_config");
    expect(toolsOf(body)).toEqual([hidden]);
    expect(body["tool_choice"]).toEqual({ type: "tool", name: hidden });
  });

  test("is refused when it is none of an object, which arguments must be", () => {
    const list = {
      outputSchema: { name: "x", schema: { type: "array", items: { type: "string" } } },
    } as const;

    expect(() => bodyOf(list, false)).toThrow(expect.objectContaining({ code: "model.unsupported_content" }));
    expect(bodyOf(list, true)).toHaveProperty("output_config");
  });

  test("leaves the other tools usable", () => {
    const body = bodyOf({ tools: [read], reasoning: "high" }, false);

    expect(toolsOf(body)).toEqual(["read", hidden]);
    expect(body["tool_choice"]).toEqual({ type: "any" });
    expect(body["thinking"]).toEqual({ type: "disabled" });
    expect(bodyOf({ tools: [read], toolChoice: "none" }, false)["tool_choice"]).toMatchObject({
      name: hidden,
    });
  });

  test("waits for the call that the caller demands", () => {
    for (const toolChoice of ["required", { name: "read" }] as const) {
      expect(toolsOf(bodyOf({ tools: [read], toolChoice }, false))).toEqual(["read"]);
    }
  });

  test("is asked for as the model is known to have it, or by its name", async () => {
    const asks = async (options: Pick<AnthropicOptions, "model" | "capabilities">): Promise<string> => {
      let sent = "";
      await using server = await startLoopback(async (incoming, response) => {
        for await (const chunk of incoming) sent += String(chunk);
        response.writeHead(500).end();
      });
      await readAll(createAnthropic({ ...options, baseUrl: server.url }), question).catch(() => undefined);
      return sent.includes(hidden) ? "tool" : sent.includes("json_schema") ? "format" : "nothing";
    };
    const named = async (model: string): Promise<string> => await asks({ model });

    expect(await named("claude-sonnet-4-5-20250929")).toBe("format");
    expect(await named("claude-opus-5")).toBe("format");
    expect(await named("claude-sonnet-4-20250514")).toBe("tool");
    expect(await named("claude-opus-4-1")).toBe("tool");
    expect(await named("claude-3-7-sonnet-latest")).toBe("tool");
    expect(await named("qwen3-coder")).toBe("tool");
  });

  test("comes out as text, in the same pieces, never as a call", async () => {
    const events = [
      { type: "message_start", message: { type: "message", content: [] } },
      {
        type: "content_block_start",
        index: 0,
        content_block: { type: "tool_use", id: "t", name: hidden, input: {} },
      },
      {
        type: "content_block_delta",
        index: 0,
        delta: { type: "input_json_delta", partial_json: '{"city":' },
      },
      { type: "content_block_delta", index: 0, delta: { type: "input_json_delta", partial_json: '"Rome"}' } },
      { type: "message_delta", delta: { stop_reason: "tool_use" } },
      { type: "message_stop" },
    ];
    await using server = await startLoopback((_request, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.end(events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join(""));
    });

    const answer = await readAll(createAnthropic({ baseUrl: server.url, model: "claude-3-opus" }), question);

    expect(answer.events.slice(0, -1)).toEqual([
      { type: "text_delta", text: '{"city":' },
      { type: "text_delta", text: '"Rome"}' },
    ]);
    expect(answer.finished).toMatchObject({
      stopReason: "stop",
      message: { parts: [{ type: "text", text: '{"city":"Rome"}' }] },
    });
  });

  test("comes out the same when the answer does not stream, even if it is empty", async () => {
    for (const input of [{ city: "Rome" }, {}]) {
      await using server = await startLoopback((_request, response) => {
        const content = [{ type: "tool_use", id: "t", name: hidden, input }];
        response.writeHead(200, { "content-type": "application/json" });
        response.end(JSON.stringify({ type: "message", content, stop_reason: "tool_use" }));
      });

      const answer = await readAll(
        createAnthropic({ baseUrl: server.url, model: "claude-3-opus" }),
        question,
      );

      expect(answer.events[0]).toEqual({ type: "text_delta", text: JSON.stringify(input) });
      expect(textOf(answer.finished.message)).toBe(JSON.stringify(input));
    }
  });
});
