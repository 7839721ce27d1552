import { describe, expect, test } from "vitest";

import { createHttpTransport } from "./http/http-transport.ts";
import { createOpenAiChat } from "./openai-chat/openai-chat.ts";
import { readRateLimits } from "./rate-limits.ts";
import { startLoopback } from "./testing/loopback.ts";
import { readAll } from "./testing/read-all.ts";

const now = Date.UTC(2026, 10, 26, 12);

describe("readRateLimits()", () => {
  test("reads what OpenAI says", () => {
    const headers = {
      "x-ratelimit-limit-requests": "60",
      "x-ratelimit-limit-tokens": "150000",
      "x-ratelimit-remaining-requests": "59",
      "x-ratelimit-remaining-tokens": "149984",
      "x-ratelimit-reset-requests": "1s",
      "x-ratelimit-reset-tokens": "6m0s",
    };

    expect(readRateLimits(headers, now)).toEqual({
      requests: { limit: 60, remaining: 59, resetAt: now + 1000 },
      tokens: { limit: 150_000, remaining: 149_984, resetAt: now + 360_000 },
    });
  });

  test("reads what Anthropic says, input and output apart, the tighter of two", () => {
    const headers = {
      "anthropic-ratelimit-requests-limit": "50",
      "anthropic-ratelimit-requests-remaining": "0",
      "anthropic-ratelimit-requests-reset": "2026-11-26T12:01:00Z",
      "anthropic-ratelimit-tokens-remaining": "9000",
      "anthropic-ratelimit-input-tokens-remaining": "7000",
      "anthropic-ratelimit-output-tokens-remaining": "2000",
      "retry-after": "60",
    };

    expect(readRateLimits(headers, now)).toEqual({
      requests: { limit: 50, remaining: 0, resetAt: now + 60_000 },
      tokens: { remaining: 7000 },
      outputTokens: { remaining: 2000 },
      retryAt: now + 60_000,
    });
  });

  test("takes the tightest of several windows, with its own reset", () => {
    const headers = {
      "x-ratelimit-remaining-tokens-minute": "100",
      "x-ratelimit-reset-tokens-minute": "10",
      "x-ratelimit-remaining-tokens-day": "5",
      "x-ratelimit-reset-tokens-day": "3600.5",
    };

    expect(readRateLimits(headers, now)).toEqual({
      tokens: { remaining: 5, resetAt: now + 3_600_500 },
    });
  });

  test.each([
    ["20ms", now + 20],
    ["1h2m3.5s", now + 3_723_500],
    ["1d", now + 86_400_000],
    ["0", now],
    ["1795694460", 1_795_694_460_000],
    ["1795694460000", 1_795_694_460_000],
    ["soon", undefined],
    ["-1", undefined],
  ])("reads the reset %s", (value, resetAt) => {
    const headers = { "x-ratelimit-remaining": "1", "x-ratelimit-reset": value };

    expect(readRateLimits(headers, now)).toEqual({
      requests: { remaining: 1, ...(resetAt === undefined ? {} : { resetAt }) },
    });
  });

  test("takes no nonsense for a number", () => {
    const headers = { "x-ratelimit-remaining-requests": "many", "x-ratelimit-limit-requests": "-1" };

    expect(readRateLimits(headers, now)).toEqual({ requests: {} });
  });

  test("says nothing where nothing is said", () => {
    expect(readRateLimits({ "content-type": "text/event-stream", date: "x" }, now)).toBeUndefined();
  });
});

describe("a model on the wire", () => {
  test("tells the limits of the last answer, a refusal too, and nothing before", async () => {
    const answers = [
      [429, { "retry-after": "7", "x-ratelimit-remaining-requests": "0" }],
      [200, { "x-ratelimit-remaining-requests": "9" }],
    ] as const;
    let calls = 0;
    await using server = await startLoopback((_request, response) => {
      const [status, headers] = answers[calls++] ?? [500, {}];
      response.writeHead(status, { "content-type": "application/json", ...headers });
      response.end(JSON.stringify({ choices: [{ message: { content: "Hi" }, finish_reason: "stop" }] }));
    });
    await using transport = createHttpTransport();
    const model = createOpenAiChat({ baseUrl: server.url, model: "any", transport });

    expect(model.rateLimits?.()).toBeUndefined();
    await expect(readAll(model)).rejects.toMatchObject({ code: "model.rate_limited" });
    expect(model.rateLimits?.()).toMatchObject({ requests: { remaining: 0 }, retryAt: expect.any(Number) });
    await readAll(model);
    expect(model.rateLimits?.()).toEqual({ requests: { remaining: 9 } });
  });
});
