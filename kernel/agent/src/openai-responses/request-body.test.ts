import { userText } from "@tau/core";
import type { AssistantMessage, JsonObject, Message, ToolDefinition } from "@tau/core";
import type { FunctionTool, ResponseCreateParamsStreaming } from "openai/resources/responses/responses";
import { describe, expect, test } from "vitest";

import type { ModelRequest } from "../model.ts";
import { schemaErrors } from "../request-schema.test.support.ts";
import { ResponsesDecoder } from "./decoder.ts";
import { responsesSettings } from "./settings.ts";
import type { ResponsesSettings } from "./settings.ts";
import { createResponsesBodyWriter, toWireTool } from "./request-body.ts";

const identity = { provider: "openai", model: "gpt-5.2" };
const read: ToolDefinition = { name: "read", description: "Reads.", inputSchema: { type: "object" } };
const plain: ModelRequest = { messages: [userText("Hi")], tools: [] };

function bodyOf(request: ModelRequest, settings: ResponsesSettings = {}, provider = "openai"): unknown {
  const full = responsesSettings({ model: identity.model, ...settings });
  return JSON.parse(createResponsesBodyWriter(full, { ...identity, provider })(request));
}

function inputOf(messages: readonly Message[], provider?: string): unknown {
  return Object(bodyOf({ messages, tools: [] }, {}, provider)).input;
}

/** The message that an answer with these output items becomes. */
function answerOf(...output: readonly JsonObject[]): AssistantMessage {
  const decoder = new ResponsesDecoder(identity, (body) => new Error(body));
  decoder.readAnswer({ id: "r", model: "m", status: "completed", output });
  if (decoder.finished === undefined) throw new Error("not finished");
  return decoder.finished.message;
}

function resultOf(callId: string, fields: Partial<Extract<Message, { role: "tool" }>["parts"][number]> = {}) {
  const content = [{ type: "text", text: "A" }] as const;
  const part = { type: "tool_result", callId, name: "x", content, isError: false, ...fields } as const;
  return { role: "tool", parts: [part] } as const;
}

const reasoning = { type: "reasoning", id: "rs_1", summary: [], encrypted_content: "gAAA" };
const message = {
  type: "message",
  id: "msg_1",
  status: "completed",
  role: "assistant",
  phase: "final_answer",
  content: [
    {
      type: "output_text",
      text: "One",
      annotations: [{ type: "url_citation", url: "https://a", title: "A" }],
    },
    { type: "refusal", refusal: "No." },
  ],
};
const cited = {
  ...message,
  content: [
    {
      type: "output_text",
      text: "One",
      annotations: [{ type: "url_citation", url: "https://a", title: "A", start_index: 0, end_index: 3 }],
    },
  ],
};
const search = {
  type: "web_search_call",
  id: "ws_1",
  status: "completed",
  action: { type: "search", query: "q" },
};
const functionCall = {
  type: "function_call",
  id: "fc_1",
  status: "completed",
  call_id: "call_1",
  name: "read",
  arguments: "{}",
};

describe("Responses request bodies", () => {
  test("have the types of the vendor's library", () => {
    toWireTool(read) satisfies FunctionTool;
    const expected = {
      model: "gpt-5.2",
      stream: true,
      store: false,
      include: ["reasoning.encrypted_content"],
      max_output_tokens: 100,
      temperature: 0.5,
      top_p: 0.9,
      reasoning: { effort: "low", summary: "auto" },
      text: { format: { type: "json_schema", name: "answer", schema: { type: "object" }, strict: false } },
      tool_choice: { type: "function", name: "read" },
      instructions: "Be brief.",
      tools: [
        {
          type: "function",
          name: "read",
          description: "Reads.",
          parameters: { type: "object" },
          strict: false,
        },
        { type: "web_search" },
      ],
      input: [{ role: "user", content: "Hi" }],
    } satisfies ResponseCreateParamsStreaming;

    expect(
      bodyOf({
        ...plain,
        system: "Be brief.",
        tools: [read],
        providerTools: [{ protocol: "openai-responses", data: { type: "web_search" } }],
        toolChoice: { name: "read" },
        maxOutputTokens: 100,
        temperature: 0.5,
        topP: 0.9,
        seed: 7,
        reasoning: "low",
        outputSchema: { name: "answer", schema: { type: "object" } },
      }),
    ).toEqual(expected);
  });

  test("carry items back as they came: thinking, text, refusals, calls and what ran at the provider", () => {
    const answer = answerOf(reasoning, search, message, functionCall);

    expect(inputOf([answer, resultOf("call_1")])).toEqual([
      reasoning,
      search,
      message,
      functionCall,
      { type: "function_call_output", call_id: "call_1", output: "A" },
    ]);
  });

  test("are valid in the eyes of the vendor's library, whatever they carry", () => {
    const source = { kind: "base64", data: "AAAA" } as const;
    const custom = { type: "custom_tool_call", id: "ctc_1", call_id: "c2", name: "sql", input: "SELECT 1" };
    const picture = { type: "image_generation_call", id: "ig_1", status: "completed", result: "AAAA" };
    const interpreter = {
      type: "code_interpreter_call",
      id: "ci_1",
      status: "completed",
      code: "1",
      container_id: "c",
      outputs: [],
    };
    const body = bodyOf({
      system: "Be brief.",
      tools: [read],
      providerTools: [{ protocol: "openai-responses", data: { type: "image_generation" } }],
      toolChoice: { name: "image_generation" },
      maxOutputTokens: 16,
      topP: 1,
      reasoning: "none",
      outputSchema: { name: "answer", schema: { type: "object" }, strict: false },
      messages: [
        {
          role: "user",
          parts: [
            { type: "text", text: "Look" },
            { type: "image", mediaType: "image/png", source },
            { type: "file", mediaType: "application/pdf", name: "a.pdf", source },
          ],
        },
        answerOf(reasoning, search, interpreter, picture, cited, functionCall, custom),
        {
          role: "tool",
          parts: [
            ...resultOf("call_1", { content: [{ type: "image", mediaType: "image/png", source }] }).parts,
            ...resultOf("c2").parts,
          ],
        },
      ],
      providerOptions: { "openai-responses": { prompt_cache_key: "k" } },
    });

    expect(schemaErrors("openai-responses", body)).toEqual([]);
    expect(schemaErrors("openai-responses", { ...Object(body), max_tokens: 1 })).not.toEqual([]);
  });

  test("show items only to the provider that made them, and plain text and calls to anybody", () => {
    const answer = answerOf(reasoning, search, message, functionCall);

    expect(inputOf([answer], "xai")).toEqual([
      { role: "assistant", content: "One" },
      { role: "assistant", content: "No." },
      { type: "function_call", call_id: "call_1", name: "read", arguments: "{}" },
    ]);
  });

  test("leave out thinking that nothing followed, which the protocol refuses", () => {
    expect(inputOf([answerOf(message, reasoning)])).toEqual([message]);
    expect(inputOf([answerOf(reasoning)])).toEqual([]);
    expect(inputOf([answerOf(reasoning, { ...message, content: [] })])).toEqual([
      reasoning,
      { ...message, content: [] },
    ]);
  });

  test("put a generated picture back into its item", () => {
    const picture = { type: "image_generation_call", id: "ig_1", status: "completed", result: "AAAA" };
    const answer = answerOf(picture);

    expect(answer.parts[1]).toEqual({
      type: "image",
      mediaType: "image/png",
      source: { kind: "base64", data: "AAAA" },
    });
    expect(inputOf([answer])).toEqual([picture]);
    expect(inputOf([{ ...answer, parts: answer.parts.slice(0, 1) }])).toEqual([{ ...picture, result: null }]);
  });

  test("carry calls of custom tools and their results", () => {
    const call = { type: "custom_tool_call", id: "c", call_id: "call_2", name: "sql", input: "SELECT 1" };
    const answer = answerOf(call);

    expect(answer.parts).toMatchObject([
      { type: "tool_call", id: "call_2", name: "sql", arguments: '{"input":"SELECT 1"}' },
    ]);
    expect(inputOf([answer, resultOf("call_2")])).toEqual([
      call,
      { type: "custom_tool_call_output", call_id: "call_2", output: "A" },
    ]);
  });

  test("carry pictures, files and sounds, also as the result of a tool", () => {
    const source = { kind: "base64", data: "aGk=" } as const;
    const url = { kind: "url", url: "https://a/b" } as const;
    const picture = { type: "image", mediaType: "image/png", source } as const;

    expect(
      inputOf([
        {
          role: "user",
          parts: [
            { type: "text", text: "Look" },
            picture,
            { type: "image", mediaType: "image/png", source: url },
            { type: "file", mediaType: "application/pdf", name: "a.pdf", source },
            { type: "file", mediaType: "application/pdf", source: url },
            { type: "file", mediaType: "text/plain", name: "a.txt", source },
            { type: "audio", mediaType: "audio/wav", source },
          ],
        },
        resultOf("c1", { content: [{ type: "text", text: "x" }, picture], isError: true }),
        resultOf("c2", { isError: true }),
      ]),
    ).toEqual([
      {
        role: "user",
        content: [
          { type: "input_text", text: "Look" },
          { type: "input_image", detail: "auto", image_url: "data:image/png;base64,aGk=" },
          { type: "input_image", detail: "auto", image_url: "https://a/b" },
          { type: "input_file", filename: "a.pdf", file_data: "data:application/pdf;base64,aGk=" },
          { type: "input_file", file_url: "https://a/b" },
          { type: "input_text", text: "a.txt:\nhi" },
          { type: "input_audio", input_audio: { data: "aGk=", format: "wav" } },
        ],
      },
      {
        type: "function_call_output",
        call_id: "c1",
        output: [
          { type: "input_text", text: "[tool error]" },
          { type: "input_text", text: "x" },
          { type: "input_image", detail: "auto", image_url: "data:image/png;base64,aGk=" },
        ],
      },
      { type: "function_call_output", call_id: "c2", output: "[tool error] A" },
    ]);
  });

  test("refuse what the protocol cannot carry", () => {
    const provider = { protocol: "anthropic", data: { type: "web_search_20250305" } };
    const sound = { type: "audio", mediaType: "audio/flac", source: { kind: "base64", data: "" } } as const;
    for (const request of [
      { ...plain, stopSequences: ["END"] },
      { ...plain, providerTools: [provider] },
      { ...plain, messages: [{ role: "user", parts: [sound] } as const] },
    ]) {
      expect(() => bodyOf(request)).toThrow(
        expect.objectContaining({ code: "model.unsupported_content", class: "permanent" }),
      );
    }
    expect(bodyOf({ ...plain, stopSequences: [] })).not.toHaveProperty("stop");
  });

  test("choose a tool by its name or, when it runs at the provider, by its type", () => {
    const providerTools = [{ type: "web_search" }, { type: "custom", name: "sql" }].map((data) => ({
      protocol: "openai-responses",
      data,
    }));
    const choiceOf = (name: string): unknown =>
      Object(bodyOf({ ...plain, tools: [read], providerTools, toolChoice: { name } })).tool_choice;

    expect(["read", "web_search", "sql", "other"].map(choiceOf)).toEqual([
      { type: "function", name: "read" },
      { type: "web_search" },
      { type: "custom", name: "sql" },
      { type: "function", name: "other" },
    ]);
    expect(bodyOf({ ...plain, toolChoice: "required" })).not.toHaveProperty("tool_choice");
  });

  test.each([
    ["gpt-4.1", false],
    ["o3-mini", true],
    ["openai/gpt-5.6-sol", true],
    ["openai.gpt-5.5", true],
    ["gpt-5-chat-latest", false],
    ["grok-4", true],
    ["grok-4-fast-non-reasoning", false],
    ["deepseek-v4-flash", false],
    ["my-deployment", false],
  ])("ask %s for encrypted thinking: %s", (model, expected) => {
    expect(responsesSettings({ model }).encryptedReasoning).toBe(expected);
  });

  test("follow the settings, and let the provider's options win", () => {
    const settings = { encryptedReasoning: false, reasoningSummary: "none" } as const;
    const body = bodyOf(
      {
        ...plain,
        reasoning: "high",
        providerOptions: {
          "openai-responses": { store: true, input: [], text: { verbosity: "low" } },
          "openai-chat": { store: "never" },
        },
      },
      settings,
    );

    expect(body).toMatchObject({ reasoning: { effort: "high" }, store: true, input: [] });
    expect(body).not.toHaveProperty("include");
    expect(bodyOf({ ...plain, reasoning: "none" })).toMatchObject({ reasoning: { effort: "none" } });
  });

  test("begin with the bytes of the request before them, and serialise a message of a conversation once", () => {
    const write = createResponsesBodyWriter(responsesSettings(identity), identity);
    let serialised = 0;
    const counted = {
      ...userText("Hi"),
      get parts() {
        serialised++;
        return [{ type: "text", text: "Hi" }] as const;
      },
    };
    const first = write({ system: "S", messages: [counted], tools: [read] });
    const alone = serialised;
    const messages = [counted, answerOf(message)];
    const second = write({ system: "S", messages, tools: [read] });
    write({ system: "S", messages: [...messages, userText("Go on")], tools: [read] });

    expect(second.startsWith(first.slice(0, -2))).toBe(true);
    expect(serialised - alone).toBe(1);
  });
});
