import type { ModelRequest } from "@tau/agent";
import { userText } from "@tau/core";
import type { Message } from "@tau/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { createCallRecord } from "../call-record.ts";
import type { PipelineCall } from "../pipeline-call.ts";
import { contextOf, playing } from "../pipeline.test.support.ts";
import { cacheKeyOf } from "./cache-key.ts";

/** A request in which every field that counts is there. */
const full: Required<Omit<ModelRequest, "providerTools">> = {
  system: "Be brief.",
  messages: [
    userText("Add 1 and 2."),
    {
      role: "assistant",
      parts: [
        { type: "thinking", text: "Easy.", signature: "s" },
        { type: "text", text: "Well:" },
        { type: "tool_call", id: "c1", name: "add", arguments: '{"a":1}' },
      ],
    },
    {
      role: "tool",
      parts: [
        {
          type: "tool_result",
          callId: "c1",
          name: "add",
          content: [{ type: "text", text: "3" }],
          isError: false,
        },
      ],
    },
  ],
  tools: [{ name: "add", description: "Adds.", inputSchema: { type: "object" } }],
  toolChoice: "auto",
  maxOutputTokens: 100,
  temperature: 0,
  topP: 1,
  seed: 7,
  stopSequences: ["END"],
  reasoning: "low",
  outputSchema: { name: "sum", schema: { type: "integer" }, strict: true },
  providerOptions: { "openai-chat": { user: "u" } },
  promptCache: "auto",
  delivery: "stream",
};

function callOf(request: Partial<ModelRequest> = {}, call: Partial<PipelineCall> = {}): PipelineCall {
  const { model } = playing([]);
  const record = createCallRecord();
  record.allowedScopes = ["chat", "tools"];
  return {
    request: { ...full, ...request },
    context: contextOf(),
    model,
    candidates: [model],
    record,
    ...call,
  };
}

function keyOf(request: Partial<ModelRequest> = {}, call: Partial<PipelineCall> = {}): string {
  const { key } = cacheKeyOf(callOf(request, call));
  if (key === undefined) throw new Error("no key");
  return key;
}

/** Each way to change one field; a field of ModelRequest that is missing here does not compile. */
const mutations: { readonly [Field in keyof typeof full]: readonly Partial<ModelRequest>[] } = {
  system: [{ system: "Be long." }, { system: "" }],
  messages: [
    { messages: [] },
    { messages: full.messages.slice(0, 1) },
    { messages: full.messages.toReversed() },
    ...changedMessages(full.messages).map((messages) => ({ messages })),
  ],
  tools: [
    { tools: [] },
    { tools: [...full.tools, { name: "sub", description: "", inputSchema: {} }] },
    { tools: [{ name: "add", description: "Adds!", inputSchema: { type: "object" } }] },
    { tools: [{ name: "add", description: "Adds.", inputSchema: { type: "object", a: 1 } }] },
  ],
  toolChoice: [{ toolChoice: "none" }, { toolChoice: "required" }, { toolChoice: { name: "add" } }],
  maxOutputTokens: [{ maxOutputTokens: 101 }],
  temperature: [],
  topP: [{ topP: 0.5 }],
  seed: [{ seed: 8 }],
  stopSequences: [{ stopSequences: [] }, { stopSequences: ["END", "STOP"] }],
  reasoning: [{ reasoning: "high" }, { reasoning: "none" }],
  outputSchema: [
    { outputSchema: { ...full.outputSchema, strict: false } },
    { outputSchema: { ...full.outputSchema, name: "total" } },
    { outputSchema: { ...full.outputSchema, schema: { type: "number" } } },
  ],
  providerOptions: [{ providerOptions: {} }, { providerOptions: { "openai-chat": { user: "v" } } }],
  promptCache: [],
  delivery: [],
};

/** The conversation with one thing changed in one part of one message. */
function changedMessages(messages: readonly Message[]): readonly (readonly Message[])[] {
  const texts = JSON.stringify(messages);
  const changes: readonly (readonly [string, string])[] = [
    ["Add 1 and 2.", "Add 1 and 3."],
    ["Easy.", "Hard."],
    ['"signature":"s"', '"signature":"t"'],
    ["Well:", "Well."],
    ['"id":"c1"', '"id":"c2"'],
    ['"callId":"c1"', '"callId":"c2"'],
    ['{\\"a\\":1}', '{\\"a\\": 1}'],
    ['"isError":false', '"isError":true'],
    ['"text":"3"', '"text":"4"'],
    ['"role":"user"', '"role":"assistant"'],
  ];
  return changes.map(([from, to]) => {
    if (!texts.includes(from)) throw new Error(`${from} is not there`);
    const changed: readonly Message[] = JSON.parse(texts.replace(from, to));
    return changed;
  });
}

describe("cacheKeyOf()", () => {
  test("K1: every field of the request changes the key, and leaving it out does, too", () => {
    const keys = new Map([[keyOf(), "unchanged"]]);
    for (const [field, changes] of Object.entries(mutations)) {
      for (const change of changes) {
        const key = keyOf(change);
        expect.soft(keys.get(key), field).toBeUndefined();
        keys.set(key, field);
      }
    }
    for (const field of [
      "system",
      "toolChoice",
      "maxOutputTokens",
      "topP",
      "seed",
      "stopSequences",
    ] as const) {
      const { [field]: _left, ...rest } = full;
      const key = keyOf({}, { request: rest });
      expect.soft(keys.get(key), `without ${field}`).toBeUndefined();
      keys.set(key, field);
    }
  });

  test("K1: tenant, scopes, provider, model, its address and settings change the key", () => {
    const record = createCallRecord();
    record.allowedScopes = ["chat"];
    const other = playing([], { provider: "other" }).model;
    const newer = playing([], { id: "test-2" }).model;
    const keys = [
      keyOf(),
      keyOf({}, { context: contextOf({ tenant: "globex" }) }),
      keyOf({}, { record }),
      keyOf({}, { candidates: [other] }),
      keyOf({}, { candidates: [newer] }),
      keyOf({}, { candidates: [other, newer] }),
      keyOf({}, { candidates: [{ ...newer, address: "http://127.0.0.1:8080/v1" }] }),
      keyOf({}, { candidates: [{ ...newer, address: "http://127.0.0.1:8081/v1" }] }),
      keyOf({}, { candidates: [{ ...newer, settings: "a" }] }),
      keyOf({}, { candidates: [{ ...newer, settings: "b" }] }),
    ];

    expect(new Set(keys).size).toBe(keys.length);
  });

  test("says nothing about who asks, when, in which session, and in which order scopes and models stand", () => {
    const record = createCallRecord();
    record.allowedScopes = ["tools", "chat", "tools"];
    const [a, b] = [playing([], { id: "a" }).model, playing([], { id: "b" }).model];
    const context = contextOf({
      sessionId: "s",
      traceId: "1".repeat(32),
      principal: { id: "bob", kind: "person", scopes: [] },
    });

    expect(keyOf({ promptCache: "none", delivery: "whole" }, { record, context })).toBe(keyOf());
    expect(keyOf({}, { candidates: [a, b] })).toBe(keyOf({}, { candidates: [b, a] }));
  });

  test("K1: what the only message has beside one text counts, and what is undefined does not", () => {
    const text = { type: "text", text: "Hello." } as const;
    const keys = [
      [text],
      [text, text],
      [{ ...text, citations: [{ title: "t" }] }],
      [{ ...text, providerData: { protocol: "p", data: {} } }],
    ].map((parts) => keyOf({ messages: [{ role: "user", parts }] }));

    expect(new Set(keys).size).toBe(keys.length);
    const undefinedBeside = Object.defineProperty({ ...text }, "citations", { enumerable: true });
    expect(keyOf({ messages: [{ role: "user", parts: [undefinedBeside] }] })).toBe(keys[0]);
  });

  test("K2: different requests never share a key, whatever NULs, tags and borders their texts hold", () => {
    const text = fc.oneof(
      fc.string({ maxLength: 8 }),
      fc.constantFrom("\0", "\0SYSTEM\0", "tenant:4:acme;", ";", ":", '"', "1:", "}", "[]"),
    );
    const request = fc.record({
      system: text,
      messages: fc.array(
        fc.array(text, { maxLength: 3 }).map((texts) => ({
          role: "user" as const,
          parts: texts.map((words) => ({ type: "text" as const, text: words })),
        })),
        { maxLength: 3 },
      ),
      stopSequences: fc.array(text, { maxLength: 3 }),
    });
    fc.assert(
      fc.property(request, request, (first, second) => {
        expect(keyOf(first) === keyOf(second)).toBe(JSON.stringify(first) === JSON.stringify(second));
      }),
      { numRuns: 2_000 },
    );
  });

  test("K3: has no key without scopes, without temperature 0, and with tools that run at the provider", () => {
    const record = createCallRecord();
    const tool = { protocol: "anthropic", data: { type: "web_search_20250305" } };

    expect(cacheKeyOf(callOf({}, { record }))).toEqual({ refusal: "no_scopes" });
    expect(cacheKeyOf(callOf({ temperature: 0.1 }))).toEqual({ refusal: "not_deterministic" });
    const { temperature: _temperature, ...rest } = full;
    expect(cacheKeyOf(callOf({}, { request: rest }))).toEqual({ refusal: "not_deterministic" });
    expect(cacheKeyOf(callOf({ providerTools: [tool] }))).toEqual({ refusal: "provider_tools" });
  });

  test("gives a grown conversation the key that the same messages anew have", () => {
    const copy: readonly Message[] = JSON.parse(JSON.stringify(full.messages));
    keyOf({ messages: full.messages.slice(0, 2) });

    expect(keyOf({ messages: full.messages })).toBe(keyOf({ messages: copy }));
    expect(keyOf({ messages: full.messages.slice(1) })).toBe(keyOf({ messages: copy.slice(1) }));
  });
});
