import type { JsonObject } from "@tau/core";
import { describe, expect, test } from "vitest";

import { startLoopback } from "../testing/loopback.ts";
import { hello, readAll } from "../testing/read-all.ts";
import { createOpenAiChat } from "./openai-chat.ts";

const end = (reason: string): JsonObject => ({ choices: [{ index: 0, delta: {}, finish_reason: reason }] });

describe("createOpenAiChat()", () => {
  const tooLong = '{"object":"error","message":"maximum context length is 4096 tokens","code":400}';
  test.each([
    ["an event of that name", "text/event-stream", `event: error\ndata: {"message":"no","code":503}\n\n`],
    ["vLLM's, in a stream", "text/event-stream", `data: ${tooLong}\n\ndata: [DONE]\n\n`],
    ["vLLM's, alone", "application/json", tooLong],
  ])("says what an error means that came with status 200: %s", async (name, type, body) => {
    await using server = await startLoopback((_request, response) => {
      response.writeHead(200, { "content-type": type });
      response.end(body);
    });
    const model = createOpenAiChat({ baseUrl: server.url, model: "any" });

    await expect(readAll(model)).rejects.toMatchObject({
      code: name.startsWith("vLLM") ? "model.context_too_long" : "model.overloaded",
    });
  });

  test("refuses a base URL that is no address", () => {
    for (const baseUrl of ["localhost:8080", "", "file:///etc"]) {
      expect(() => createOpenAiChat({ baseUrl, model: "any" })).toThrow(
        expect.objectContaining({ code: "model.invalid_request" }),
      );
    }
  });

  test("keeps the query of the base URL, asks for the key at every call, and lets headers win", async () => {
    const seen: unknown[] = [];
    await using server = await startLoopback((request, response) => {
      seen.push([request.url, request.headers.authorization, request.headers["user-agent"]]);
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.end(`data: ${JSON.stringify(end("stop"))}\n\ndata: [DONE]\n\n`);
    });
    let calls = 0;
    const model = createOpenAiChat({
      baseUrl: `${server.url}/v1/?api-version=1`,
      apiKey: async () => `key-${++calls}`,
      headers: { "user-agent": "mine" },
      model: "any",
      provider: "azure",
      contextWindow: 5,
    });
    await readAll(model);
    await readAll(model);

    expect(seen).toEqual([
      ["/v1/chat/completions?api-version=1", "Bearer key-1", "mine"],
      ["/v1/chat/completions?api-version=1", "Bearer key-2", "mine"],
    ]);
    expect(model).toMatchObject({ provider: "azure", id: "any", contextWindow: 5 });
  });

  test("says that the key could not be read, and does not wait for it after an abort", async () => {
    const failing = createOpenAiChat({
      model: "any",
      apiKey: () => Promise.reject(new Error("vault is sealed")),
    });
    await expect(readAll(failing)).rejects.toMatchObject({ code: "model.auth", class: "auth" });

    const controller = new AbortController();
    const reason = new Error("enough");
    const hanging = createOpenAiChat({
      model: "any",
      apiKey: () => {
        controller.abort(reason);
        return new Promise(() => undefined);
      },
    });
    await expect(readAll(hanging, hello, controller.signal)).rejects.toBe(reason);
  });
});
