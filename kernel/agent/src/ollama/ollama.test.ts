import { createServer } from "node:net";

import type { JsonObject } from "@tau/core";
import { describe, expect, test } from "vitest";

import { defineCapabilities } from "../capabilities.ts";
import { hello, readAll } from "../recorded.test.support.ts";
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
