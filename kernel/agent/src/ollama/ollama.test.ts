import { createServer } from "node:net";

import type { JsonObject } from "@tau/core";
import { describe, expect, test } from "vitest";

import { defineCapabilities } from "../capabilities.ts";
import { startLoopback } from "../testing/loopback.ts";
import { hello, readAll } from "../testing/read-all.ts";
import { startScriptedServer } from "../scripted/server.ts";
import { createOllama } from "./ollama.ts";
import type { OllamaOptions } from "./ollama.ts";

async function asked(options: Partial<OllamaOptions>): Promise<JsonObject | undefined> {
  await using server = await startScriptedServer({ turns: [{ text: "Hi" }] });
  const model = createOllama({ baseUrl: server.url, model: "qwen3:8b", ...options });
  await readAll(model, { ...hello, reasoning: "high" });
  return server.requests[0]?.body;
}

describe("createOllama()", () => {
  test("asks for the window that it is given, unless the options say another", async () => {
    expect(await asked({})).not.toHaveProperty("options");
    expect(await asked({ contextWindow: 8192, options: { top_k: 3 } })).toMatchObject({
      options: { num_ctx: 8192, top_k: 3 },
    });
    expect(await asked({ contextWindow: 8192, options: { num_ctx: 4096 } })).toMatchObject({
      options: { num_ctx: 4096 },
    });
  });

  test("asks to think as the model can", async () => {
    const thoughtless = defineCapabilities({ reasoning: "no" });

    expect(await asked({})).toMatchObject({ think: true });
    expect(await asked({ model: "gpt-oss:20b" })).toMatchObject({ think: "high" });
    expect(await asked({ thinking: "level" })).toMatchObject({ think: "high" });
    expect(await asked({ capabilities: thoughtless })).not.toHaveProperty("think");
  });

  test("says how to start a server that does not answer", async () => {
    const port = await freePort();
    const model = createOllama({ baseUrl: `http://127.0.0.1:${port}`, model: "m" });

    await expect(readAll(model)).rejects.toMatchObject({
      code: "model.network",
      message: expect.stringContaining('"ollama serve"'),
    });
  });

  test.each([
    [400, '"m" does not support tools', "model.unsupported_content", '"ollama show m"'],
    [
      500,
      "model requires more system memory (9 GiB) than is available (2 GiB)",
      "model.overloaded",
      "memory",
    ],
    [503, "server busy, please try again. maximum pending requests exceeded", "model.overloaded", "busy"],
    [400, "the input length exceeds the context length", "model.context_too_long", "contextWindow"],
    [404, "model 'm' not found", "model.not_found", '"ollama pull m"'],
    [200, "model 'm' not found, try pulling it first", "model.not_found", '"ollama pull m"'],
    [200, "model runner has unexpectedly stopped", "model.server_error", "Ask again"],
    [401, "unauthorized", "model.auth", "API key"],
  ])("says of HTTP %i %s what it is and what helps", async (status, error, code, help) => {
    await using server = await startLoopback((_request, response) => {
      response.writeHead(status, {
        "content-type": status === 200 ? "application/x-ndjson" : "application/json",
      });
      response.end(`${JSON.stringify({ error })}\n`);
    });

    await expect(readAll(createOllama({ baseUrl: server.url, model: "m" }))).rejects.toMatchObject({
      code,
      message: expect.stringContaining(help),
    });
  });

  test("refuses a base URL that is none", () => {
    expect(() => createOllama({ baseUrl: "localhost:11434", model: "m" })).toThrow(
      expect.objectContaining({ code: "model.invalid_request" }),
    );
  });
});

/** A port that nobody listens on. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return typeof address === "object" && address !== null ? address.port : 1;
}
