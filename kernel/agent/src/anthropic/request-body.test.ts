import type { MessageCreateParamsStreaming, Tool } from "@anthropic-ai/sdk/resources/messages";
import { userText } from "@tau/core";
import type { AssistantPart, Message, ToolDefinition } from "@tau/core";
import { describe, expect, test } from "vitest";

import type { ModelRequest } from "../model.ts";
import { schemaErrors } from "../request-schema.test.support.ts";
import type { AnthropicBodyOptions } from "./body-options.ts";
import { createAnthropicBodyWriter, toWireTool } from "./request-body.ts";
import { plainOptions as options } from "./request.test.support.ts";

const read: ToolDefinition = {
  name: "read",
  description: "Reads.",
  inputSchema: { type: "object", properties: {} },
};
const plain: ModelRequest = { messages: [userText("Hi")], tools: [] };

/** A body; the vendor's types allow every field but those for sampling, which newer models have forgotten. */
function bodyOf(request: ModelRequest, changed: Partial<AnthropicBodyOptions> = {}): unknown {
  const body: unknown = JSON.parse(createAnthropicBodyWriter({ ...options, ...changed })(request));
  const { temperature: _temperature, top_p: _topP, ...rest } = Object(body);
  expect(schemaErrors("anthropic", rest)).toEqual([]);
  return body;
}

function contentOf(message: Message): unknown {
  return Object(bodyOf({ messages: [message], tools: [] })).messages[0]?.content;
}

describe("Anthropic request bodies", () => {
  test("declare a tool that the provider's models were taught as the provider does, and to no other server", () => {
    const native = { type: "memory_20250818", name: "memory" };
    const memory: ToolDefinition = {
      ...read,
      name: "memory",
      native: [
        { protocol: "other", data: {} },
        { protocol: "anthropic", data: native },
      ],
    };
    const toolOf = (provider: string, model: string): unknown =>
      Object(bodyOf({ ...plain, tools: [memory] }, { identity: { provider, model } })).tools[0];

    expect(toolOf("anthropic", "claude-sonnet-4-5")).toEqual(native);
    expect(toolOf("anthropic", "claude-3-haiku-20240307")).toMatchObject({
      input_schema: { type: "object" },
    });
    expect(toolOf("bedrock", "claude-sonnet-4-5")).toMatchObject({ input_schema: { type: "object" } });
  });

  test("have the types of the vendor's library", () => {
    toWireTool(read) satisfies Tool;
    const expected = {
      model: "claude-x",
      stream: true,
      max_tokens: 1000,
      stop_sequences: ["END"],
      tool_choice: { type: "auto" },
      thinking: { type: "adaptive" },
      output_config: {
        effort: "medium",
        format: {
          type: "json_schema",
          schema: { type: "object", properties: {}, additionalProperties: false },
        },
      },
      tools: [{ name: "read", description: "Reads.", input_schema: { type: "object", properties: {} } }],
      system: [{ type: "text", text: "Be brief." }],
      messages: [{ role: "user", content: [{ type: "text", text: "Hi" }] }],
    } satisfies MessageCreateParamsStreaming;

    expect(
      bodyOf({
        ...plain,
        system: "Be brief.",
        tools: [read],
        toolChoice: "auto",
        stopSequences: ["END"],
        temperature: 0.5,
        reasoning: "medium",
        outputSchema: { name: "answer", schema: { type: "object", properties: {} } },
      }),
    ).toEqual(expected);
  });

  test("say how to sample, unless the model thinks or has its own way", () => {
    const sampled = { ...plain, temperature: 0.5, topP: 0.9, seed: 7 };
    const { temperature: _, ...narrowed } = sampled;

    // From Claude Opus 4.1 on both in one request are refused.
    expect(bodyOf(sampled)).toMatchObject({ temperature: 0.5 });
    expect(bodyOf(sampled)).not.toHaveProperty("top_p");
    expect(bodyOf(narrowed)).toMatchObject({ top_p: 0.9 });
    for (const body of [bodyOf({ ...sampled, reasoning: "low" }), bodyOf(sampled, { sampling: false })]) {
      expect(body).not.toHaveProperty("temperature");
      expect(body).not.toHaveProperty("top_p");
    }
  });

  test("do not ask for thinking where a call is demanded, which the provider refuses", () => {
    const forced = { ...plain, tools: [read], reasoning: "high" } as const;

    for (const toolChoice of ["required", { name: "read" }] as const) {
      expect(bodyOf({ ...forced, toolChoice })).toMatchObject({ thinking: { type: "disabled" } });
    }
    expect(bodyOf({ ...forced, toolChoice: "auto" })).toMatchObject({ thinking: { type: "adaptive" } });
  });

  test("do not ask a model with a budget to go on with a turn that another one began", () => {
    const call = { type: "tool_call", id: "c", name: "read", arguments: "{}" } as const;
    const result = { type: "tool_result", callId: "c", name: "read", content: [], isError: false } as const;
    const after = (...parts: readonly AssistantPart[]): ModelRequest => ({
      messages: [userText("Hi"), { role: "assistant", parts }, { role: "tool", parts: [result] }],
      tools: [read],
      reasoning: "low",
    });
    const own = after({ type: "thinking", text: "hm", signature: "sig" }, call);
    const budget = { thinking: "budget" } as const;

    expect(bodyOf(own, budget)).toMatchObject({ thinking: { type: "enabled" } });
    expect(bodyOf(after(call), budget)).toMatchObject({ thinking: { type: "disabled" }, max_tokens: 1000 });
    expect(bodyOf(after(call))).toMatchObject({ thinking: { type: "adaptive" } });
    expect(
      bodyOf({ ...after(call), messages: [...after(call).messages, userText("And now?")] }, budget),
    ).toMatchObject({ thinking: { type: "enabled" } });
  });

  test("are checked by a schema that knows no other fields", () => {
    expect(schemaErrors("anthropic", { ...Object(bodyOf(plain)), max_output_tokens: 1 })).not.toEqual([]);
  });

  test("ask for thinking as the model understands it", () => {
    const budget = { thinking: "budget" } as const;

    expect(bodyOf({ ...plain, reasoning: "low" }, budget)).toMatchObject({
      max_tokens: 1000 + 2048,
      thinking: { type: "enabled", budget_tokens: 2048 },
    });
    expect(bodyOf({ ...plain, reasoning: "none", temperature: 0 })).toMatchObject({
      thinking: { type: "disabled" },
      temperature: 0,
    });
    expect(bodyOf(plain)).not.toHaveProperty("thinking");
    for (const reasoning of ["none", "high"] as const) {
      expect(bodyOf({ ...plain, reasoning }, { thinking: "none" })).not.toHaveProperty("thinking");
    }
  });

  test("carry thinking back with its signature, and drop thinking that has none", () => {
    expect(
      contentOf({
        role: "assistant",
        parts: [
          { type: "thinking", text: "hm", signature: "sig" },
          { type: "thinking", text: "", redacted: "xyz" },
          { type: "thinking", text: "another provider's" },
          {
            type: "thinking",
            text: "another protocol's",
            signature: "sig",
            providerData: { protocol: "gemini", data: {} },
          },
          { type: "text", text: "Hi" },
          { type: "text", text: " " },
        ],
      }),
    ).toEqual([
      { type: "thinking", thinking: "hm", signature: "sig" },
      { type: "redacted_thinking", data: "xyz" },
      { type: "text", text: "Hi" },
    ]);
  });

  test("carry tool calls byte for byte, and broken ones as what they were", () => {
    const write = createAnthropicBodyWriter(options);
    const call = (text: string): string =>
      write({
        messages: [
          { role: "assistant", parts: [{ type: "tool_call", id: "c", name: "read", arguments: text }] },
        ],
        tools: [],
      });

    expect(call('{"b": 1,  "a":2}')).toContain('"input":{"b": 1,  "a":2}');
    expect(call('{"b":')).toContain('"input":{"invalid_json":"{\\"b\\":"}');
    expect(call("[1]")).toContain('"input":{"invalid_json":"[1]"}');
  });

  test("carry back the items of this protocol, and leave out those of others", () => {
    const use = { type: "server_tool_use", id: "s", name: "web_search", input: { query: "Tau" } };
    const caller = { type: "code_execution_20250825", tool_id: "s" };
    const place = { document_index: 0, document_title: null, start_page_number: 1, end_page_number: 2 };
    const citations = [{ type: "page_location", cited_text: "Tau", ...place }];

    expect(
      contentOf({
        role: "assistant",
        parts: [
          {
            type: "provider_item",
            kind: "server_tool_use",
            providerData: { protocol: "anthropic", data: use },
          },
          { type: "provider_item", kind: "other", providerData: { protocol: "gemini", data: use } },
          { type: "text", text: "Hi", providerData: { protocol: "anthropic", data: { citations } } },
          { type: "text", text: "Ho", providerData: { protocol: "openai-responses", data: { citations } } },
          {
            type: "tool_call",
            id: "c",
            name: "read",
            arguments: "{}",
            providerData: { protocol: "anthropic", data: { caller } },
          },
        ],
      }),
    ).toEqual([
      use,
      { type: "text", text: "Hi", citations },
      { type: "text", text: "Ho" },
      { type: "tool_use", id: "c", name: "read", input: {}, caller },
    ]);
  });

  test("hold the tools that run at the provider, and refuse those of another one", () => {
    const search = { type: "web_search_20260318", name: "web_search", max_uses: 3 };

    expect(
      bodyOf({ ...plain, tools: [read], providerTools: [{ protocol: "anthropic", data: search }] }),
    ).toMatchObject({ tools: [toWireTool(read), search] });
    expect(() => bodyOf({ ...plain, providerTools: [{ protocol: "gemini", data: search }] })).toThrow(
      expect.objectContaining({ code: "model.unsupported_content" }),
    );
  });

  test("hold the caller's own fields, which win", () => {
    expect(
      bodyOf({
        ...plain,
        system: "S",
        providerOptions: {
          anthropic: { max_tokens: 5, service_tier: "auto", system: "T" },
          gemini: { other: true },
        },
      }),
    ).toEqual({
      model: "claude-x",
      stream: true,
      max_tokens: 5,
      service_tier: "auto",
      system: "T",
      messages: [{ role: "user", content: [{ type: "text", text: "Hi" }] }],
    });
  });

  test("name the container that the conversation used last, until it is gone", () => {
    const used = (id: string, expires: string): Message => ({
      role: "assistant",
      parts: [
        {
          type: "provider_item",
          kind: "container",
          providerData: { protocol: "anthropic", data: { id, expires_at: expires } },
        },
        { type: "text", text: "Done." },
      ],
    });
    const code = { protocol: "anthropic", data: { type: "code_execution_20260521", name: "code_execution" } };
    const request: ModelRequest = {
      messages: [
        userText("Hi"),
        used("old", "2999-01-01T00:00:00Z"),
        userText("And?"),
        used("new", "2999-01-01T00:00:00Z"),
      ],
      tools: [],
      providerTools: [code],
    };
    const skills = { skills: [{ type: "anthropic", skill_id: "pdf", version: "latest" }] };

    expect(bodyOf(request)).toMatchObject({ container: "new" });
    expect(bodyOf({ ...request, providerOptions: { anthropic: { container: skills } } })).toMatchObject({
      container: { id: "new", ...skills },
    });
    expect(bodyOf({ ...request, providerOptions: { anthropic: { container: "mine" } } })).toMatchObject({
      container: "mine",
    });
    expect(bodyOf({ ...request, messages: [used("gone", "2020-01-01T00:00:00Z")] })).not.toHaveProperty(
      "container",
    );
    expect(bodyOf({ ...request, providerTools: [] })).not.toHaveProperty("container");
    expect(Object(bodyOf(request)).messages[1].content).toEqual([{ type: "text", text: "Done." }]);
  });

  test("ask for citations of documents", () => {
    const part = {
      type: "file",
      mediaType: "application/pdf",
      source: { kind: "url", url: "https://a/b.pdf" },
    } as const;
    const messages: readonly Message[] = [{ role: "user", parts: [part] }];

    expect(bodyOf({ messages, tools: [] }, { citeDocuments: true })).toMatchObject({
      messages: [
        {
          content: [
            {
              type: "document",
              source: { type: "url", url: "https://a/b.pdf" },
              citations: { enabled: true },
            },
          ],
        },
      ],
    });
  });

  test("carry tool results with pictures and errors", () => {
    expect(
      contentOf({
        role: "tool",
        parts: [
          {
            type: "tool_result",
            callId: "a",
            name: "shot",
            isError: false,
            content: [{ type: "image", mediaType: "image/png", source: { kind: "base64", data: "AAAA" } }],
          },
          {
            type: "tool_result",
            callId: "b",
            name: "read",
            isError: true,
            content: [{ type: "text", text: "no" }],
          },
          { type: "tool_result", callId: "c", name: "read", isError: false, content: [] },
          {
            type: "tool_result",
            callId: "d",
            name: "read",
            isError: true,
            content: [{ type: "text", text: " " }],
          },
        ],
      }),
    ).toEqual([
      {
        type: "tool_result",
        tool_use_id: "a",
        content: [{ type: "image", source: { type: "base64", media_type: "image/png", data: "AAAA" } }],
      },
      { type: "tool_result", tool_use_id: "b", content: [{ type: "text", text: "no" }], is_error: true },
      { type: "tool_result", tool_use_id: "c" },
      {
        type: "tool_result",
        tool_use_id: "d",
        content: [{ type: "text", text: "(no output)" }],
        is_error: true,
      },
    ]);
  });

  test("carry documents, and refuse what the protocol cannot carry", () => {
    const source = { kind: "base64", data: "aGk=" } as const;

    expect(
      contentOf({
        role: "user",
        parts: [
          { type: "file", mediaType: "application/pdf", name: "a.pdf", source },
          { type: "file", mediaType: "text/markdown", source },
        ],
      }),
    ).toEqual([
      {
        type: "document",
        source: { type: "base64", media_type: "application/pdf", data: "aGk=" },
        title: "a.pdf",
      },
      { type: "document", source: { type: "text", media_type: "text/plain", data: "hi" } },
    ]);
    for (const part of [
      { type: "audio", mediaType: "audio/wav", source },
      { type: "file", mediaType: "application/zip", source },
    ] as const) {
      expect(() => contentOf({ role: "user", parts: [part] })).toThrow(
        expect.objectContaining({ code: "model.unsupported_content" }),
      );
    }
  });

  test("never hold an empty message", () => {
    expect(contentOf(userText(" "))).toEqual([{ type: "text", text: "(empty)" }]);
    expect(contentOf({ role: "assistant", parts: [{ type: "text", text: "" }] })).toBeUndefined();
  });

  test("begin with the bytes of the request before them", () => {
    const write = createAnthropicBodyWriter(options);
    const messages = [userText("Hi")];
    const first = write({ system: "S", messages, tools: [read] });
    const second = write({ system: "S", messages: [...messages, userText("More")], tools: [read] });

    expect(second.startsWith(first.slice(0, -2))).toBe(true);
  });
});
