import { describe, expect, test } from "vitest";

import { defineCapabilities } from "../capabilities.ts";
import { startLoopback } from "../testing/loopback.ts";
import { readAll } from "../testing/read-all.ts";
import { createAnthropic } from "./anthropic.ts";
import type { AnthropicOptions } from "./anthropic.ts";

/** What a provider gets to see, and what comes of its answer. */
async function ask(
  options: Partial<AnthropicOptions>,
  message: object = {},
): Promise<{ readonly headers: Record<string, unknown>; readonly body: string; readonly finished: object }> {
  let headers = {};
  let body = "";
  await using server = await startLoopback(async (request, response) => {
    ({ headers } = request);
    for await (const chunk of request) body += String(chunk);
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify({ type: "message", content: [], stop_reason: "end_turn", ...message }));
  });
  const { finished } = await readAll(createAnthropic({ baseUrl: server.url, model: "claude-x", ...options }));
  return { headers, body, finished };
}

describe("createAnthropic()", () => {
  test("names what is in trial", async () => {
    const { headers } = await ask({ betas: ["skills-2025-10-02", "files-api-2025-04-14"], apiKey: "k" });

    expect(headers).toMatchObject({
      "anthropic-version": "2023-06-01",
      "anthropic-beta": "skills-2025-10-02,files-api-2025-04-14",
      "x-api-key": "k",
    });
    expect((await ask({})).headers).not.toHaveProperty("anthropic-beta");
  });

  test("asks the provider to keep the prompt for as long as it is told", async () => {
    expect((await ask({})).body).toContain('"cache_control":{"type":"ephemeral"}');
    expect((await ask({ promptCache: "1h" })).body).toContain('"ttl":"1h"');
    expect((await ask({ promptCache: false })).body).not.toContain("cache_control");
  });

  test("leaves out how to sample for a model that is known to refuse it", async () => {
    let body = "";
    await using server = await startLoopback(async (request, response) => {
      for await (const chunk of request) body += String(chunk);
      response.writeHead(500).end();
    });
    const capabilities = defineCapabilities({ sampling: "no" });
    const model = createAnthropic({ baseUrl: server.url, model: "claude-x", capabilities });

    await readAll(model, { messages: [], tools: [], temperature: 0 }).catch(() => undefined);

    expect(body).not.toContain("temperature");
  });

  test("says when the provider paused, and why it refused", async () => {
    const details = { type: "refusal", category: "bio", explanation: "No." };

    expect((await ask({}, { stop_reason: "pause_turn" })).finished).toMatchObject({ stopReason: "pause" });
    expect((await ask({}, { stop_reason: "compaction" })).finished).toMatchObject({ stopReason: "pause" });
    expect((await ask({}, { stop_reason: "refusal", stop_details: details })).finished).toMatchObject({
      stopReason: "content_filtered",
      stopDetails: details,
    });
  });
});
