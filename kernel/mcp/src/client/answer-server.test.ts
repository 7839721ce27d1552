import type { Model, ModelRequest } from "@tau/agent";
import { noUsage, userText } from "@tau/core";
import { describe, expect, test } from "vitest";

import { callOf } from "../mcp.test.support.ts";
import { toPersonRequest } from "./answer-server.ts";
import { createSampler } from "./sampling.ts";
import type { SamplingRequest } from "./sampling.ts";

const request: SamplingRequest = { server: "files", messages: [userText("Hello?")], maxOutputTokens: 100 };

/** A model that answers with so many tokens, and what it was asked. */
function answeringModel(outputTokens: number): { readonly model: Model; readonly asked: ModelRequest[] } {
  const asked: ModelRequest[] = [];
  const model: Model = {
    provider: "test",
    id: "test",
    async *stream(question) {
      asked.push(question);
      yield await Promise.resolve([
        {
          type: "finished",
          message: { role: "assistant", parts: [{ type: "text", text: "Hello." }] },
          usage: { ...noUsage, inputTokens: 10, outputTokens },
          stopReason: "stop",
          model: "test-1",
        },
      ]);
    },
  };
  return { model, asked };
}

describe("createSampler()", () => {
  test("asks the model with the server's words, labelled, without tools, within the limit", async () => {
    const { model, asked } = answeringModel(5);
    const sample = createSampler({ model, maxOutputTokens: 50 });

    const answer = await sample(request, callOf(), callOf().signal);

    expect(answer).toEqual({ text: "Hello.", model: "test-1", stopReason: "stop" });
    expect(asked).toMatchObject([
      {
        maxOutputTokens: 50,
        tools: [],
        messages: [
          { parts: [{ text: "Hello?", label: { integrity: "untrusted", origins: ["mcp:files"] } }] },
        ],
      },
    ]);
  });

  test("stops at the number of requests, and at the tokens that all of them took", async () => {
    const { model, asked } = answeringModel(40);
    const { signal } = callOf();
    const few = createSampler({ model, maxRequests: 2 });
    const small = createSampler({ model, maxTokens: 60 });
    for (const sample of [few, few]) await sample(request, callOf(), signal);
    for (const sample of [small, small]) await sample(request, callOf(), signal);

    for (const sample of [few, small]) {
      await expect(sample(request, callOf(), signal)).rejects.toMatchObject({ code: "mcp.sampling_refused" });
    }
    expect(asked).toHaveLength(4);
    expect(asked[3]?.maxOutputTokens).toBe(4);
  });

  test("asks nothing that was not approved", async () => {
    const { model, asked } = answeringModel(1);
    const shown: SamplingRequest[] = [];
    const sample = createSampler({
      model,
      approve: async (one) => {
        shown.push(one);
        return await Promise.resolve(false);
      },
    });

    await expect(sample(request, callOf(), callOf().signal)).rejects.toMatchObject({
      code: "mcp.sampling_refused",
    });
    expect(shown[0]?.server).toBe("files");
    expect(asked).toEqual([]);
  });
});

describe("toPersonRequest()", () => {
  test("passes on forms and addresses as the server's words", () => {
    expect(toPersonRequest("files", { message: "Who?", requestedSchema: { type: "object" } })).toEqual({
      kind: "form",
      server: "files",
      message: "Who?",
      schema: { type: "object" },
    });
    expect(
      toPersonRequest("files", { mode: "url", message: "Go", url: "https://example.org/a?b#c" }),
    ).toEqual({
      kind: "url",
      server: "files",
      message: "Go",
      url: "https://example.org/a?b#c",
    });
  });

  test("puts no form to a person that nobody could read or answer", () => {
    const formOf = (properties: object): unknown =>
      toPersonRequest("files", { message: "Who?", requestedSchema: { type: "object", properties } });
    const many = (count: number): readonly string[] =>
      Array.from({ length: count }, (_, index) => `c${index}`);

    expect(formOf({ a: { enum: many(100) } })).toBeDefined();
    for (const properties of [
      { a: { enum: many(101) } },
      { a: { enum: ["x".repeat(201)] } },
      { a: { enum: ["y\u001b[2J"] } },
      { a: { enum: ["yes", "yes\u200b"] } },
      Object.fromEntries(many(51).map((name) => [name, { type: "string" }])),
    ])
      expect(formOf(properties)).toBeUndefined();
    expect(toPersonRequest("files", { message: "x".repeat(1_000_000) })?.message).toHaveLength(4_000);
  });

  test("opens no scripts, files, programs, passwords and plain http of other machines", () => {
    const refused = [
      "javascript:alert(1)",
      "file:///etc/passwd",
      "data:text/html,x",
      "vscode://x",
      "http://example.org",
      "http://127.0.0.1.evil.org/",
      "https://user:password@example.org/",
      "https://example.org@evil.org/",
      "not an address",
      7,
    ];

    for (const url of refused) {
      expect(toPersonRequest("files", { mode: "url", message: "", url })).toBeUndefined();
    }
    expect(
      toPersonRequest("files", { mode: "url", message: "", url: "http://127.0.0.1:8080/" }),
    ).toBeDefined();
  });
});
