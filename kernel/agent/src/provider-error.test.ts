import { inspect } from "node:util";

import { describe, expect, test } from "vitest";

import { providerError } from "./provider-error.ts";
import { retryAfterMs } from "./retry-after.ts";

const identity = { provider: "acme", model: "m-1" };

function errorOf(status: number, body: unknown, headers: Record<string, string> = {}) {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return providerError(identity, { status, headers, body: text, secrets: ["sk-secret"], now: 0 });
}

describe("providerError()", () => {
  test.each([
    [401, { error: { message: "Bad key", type: "invalid_request_error" } }, "model.auth", "auth"],
    [403, { error: { type: "permission_error" } }, "model.auth", "auth"],
    [402, {}, "model.payment_required", "permanent"],
    [429, { error: { code: "insufficient_quota" } }, "model.payment_required", "permanent"],
    [
      400,
      { error: { type: "invalid_request_error", message: "Your credit balance is too low" } },
      "model.payment_required",
      "permanent",
    ],
    [429, { error: { type: "rate_limit_error" } }, "model.rate_limited", "rate_limited"],
    [429, "slow down", "model.rate_limited", "rate_limited"],
    [400, { error: { code: "context_length_exceeded" } }, "model.context_too_long", "permanent"],
    [
      400,
      {
        error: {
          type: "invalid_request_error",
          message: "prompt is too long: 210000 tokens > 200000 maximum",
        },
      },
      "model.context_too_long",
      "permanent",
    ],
    [
      400,
      {
        error: {
          code: 400,
          type: "exceed_context_size_error",
          message: "request (9 tokens) exceeds the available context size",
        },
      },
      "model.context_too_long",
      "permanent",
    ],
    [413, { error: { type: "request_too_large" } }, "model.context_too_long", "permanent"],
    [
      400,
      { error: { code: "content_filter", message: "The response was filtered" } },
      "model.content_filtered",
      "permanent",
    ],
    [
      400,
      { error: { type: "invalid_request_error", message: "Unknown field" } },
      "model.invalid_request",
      "permanent",
    ],
    [
      400,
      { error: "This model's maximum context length is 4096 tokens" },
      "model.context_too_long",
      "permanent",
    ],
    [500, { error: "maximum context length" }, "model.server_error", "retryable"],
    [300, {}, "model.redirected", "permanent"],
    [200, { error: { code: 400, message: "no" } }, "model.invalid_request", "permanent"],
    [200, { error: { code: 600, message: "no" } }, "model.server_error", "retryable"],
    [422, { detail: "no" }, "model.invalid_request", "permanent"],
    [404, { error: { type: "not_found_error" } }, "model.not_found", "permanent"],
    [404, "<html>", "model.not_found", "permanent"],
    [408, {}, "model.timeout", "retryable"],
    [409, {}, "model.server_error", "retryable"],
    [425, {}, "model.server_error", "retryable"],
    [499, {}, "model.cancelled", "retryable"],
    [500, { error: { type: "api_error" } }, "model.server_error", "retryable"],
    [502, "<html>Bad gateway</html>", "model.server_error", "retryable"],
    [503, {}, "model.overloaded", "retryable"],
    [504, {}, "model.timeout", "retryable"],
    [529, { error: { type: "overloaded_error" } }, "model.overloaded", "retryable"],
    [307, "", "model.redirected", "permanent"],
    [200, { error: { code: 429, message: "Rate limited" } }, "model.rate_limited", "rate_limited"],
    [
      200,
      { type: "error", error: { type: "overloaded_error", message: "Overloaded" } },
      "model.overloaded",
      "retryable",
    ],
    [
      200,
      { error: { message: "The server had an error", type: "server_error" } },
      "model.server_error",
      "retryable",
    ],
    [200, [{ error: { code: 503, status: "UNAVAILABLE" } }], "model.overloaded", "retryable"],
    [500, { error: "plain text" }, "model.server_error", "retryable"],
    [
      400,
      { error: { code: 400, status: "INVALID_ARGUMENT", details: [{ reason: "API_KEY_INVALID" }] } },
      "model.auth",
      "auth",
    ],
    [403, { error: { code: 403, status: "PERMISSION_DENIED" } }, "model.auth", "auth"],
    [
      400,
      {
        error: {
          status: "INVALID_ARGUMENT",
          message: "The input token count (2) exceeds the maximum number of tokens allowed (1).",
        },
      },
      "model.context_too_long",
      "permanent",
    ],
    [
      429,
      { error: { status: "RESOURCE_EXHAUSTED", message: "Your prepayment credits are depleted." } },
      "model.payment_required",
      "permanent",
    ],
  ])("maps HTTP %i %j to %s", (status, body, code, errorClass) => {
    expect(errorOf(status, body)).toMatchObject({ code, class: errorClass });
  });

  test("says who failed and what to do, and keeps the provider's words to itself", () => {
    const error = errorOf(400, {
      error: { type: "invalid_request_error", message: "Because of /etc/passwd" },
    });

    expect(error.message).toBe(
      'Provider "acme" (model "m-1") refused the request as invalid. The log has its reason.',
    );
    expect(error.details).toEqual({
      provider: "acme",
      model: "m-1",
      status: 400,
      providerCode: "invalid_request_error",
    });
    expect(String(error.cause)).toContain("Because of /etc/passwd");
  });

  test("never contains the key, not even when the provider repeats it", () => {
    const error = errorOf(401, { error: { code: "sk-secret", message: "Wrong key sk-secret given" } });

    expect(inspect(error, { depth: 9 })).not.toContain("sk-secret");
  });

  test("keeps at most 2048 characters of the body", () => {
    expect(String(errorOf(500, "x".repeat(100_000)).cause).length).toBeLessThan(2100);
  });

  test("tells how long to wait", () => {
    expect(errorOf(429, {}, { "retry-after": "7" }).retryAfterMs).toBe(7000);
  });

  test("believes Google that a quota is one of time when it says how long to wait", () => {
    const retryInfo = { "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: "34.4s" };
    const message = "You exceeded your current quota, please check your plan.";
    const error = { code: 429, status: "RESOURCE_EXHAUSTED", message };

    expect(errorOf(429, { error: { ...error, details: [retryInfo] } })).toMatchObject({
      code: "model.rate_limited",
      retryAfterMs: 34_400,
    });
    expect(errorOf(429, { error }).code).toBe("model.payment_required");
  });

  test("gives the advice of the provider's own where the adapter has any", () => {
    const sentences = { "model.not_found": 'has no such model. Get it with "fetch m-1"' } as const;
    const failure = { status: 404, headers: {}, body: "", secrets: [], now: 0 };

    expect(providerError({ ...identity, sentences }, failure).message).toBe(
      'Provider "acme" (model "m-1") has no such model. Get it with "fetch m-1".',
    );
  });
});

describe("retryAfterMs()", () => {
  const now = Date.parse("2026-01-01T00:00:00Z");

  test.each([
    [{ "retry-after": "3" }, 3000],
    [{ "retry-after": "0.5" }, 500],
    [{ "retry-after-ms": "120", "retry-after": "3" }, 120],
    [{ "retry-after": "Thu, 01 Jan 2026 00:01:00 GMT" }, 60_000],
    [{ "retry-after": "Thu, 01 Jan 2020 00:00:00 GMT" }, 0],
    [{ "retry-after": "soon" }, undefined],
    [{ "retry-after": "" }, undefined],
    [{ "retry-after": "999999999" }, undefined],
    [{ "retry-after": "-1" }, undefined],
    [{}, undefined],
  ])("reads %j as %s", (headers, expected) => {
    expect(retryAfterMs(headers, now)).toBe(expected);
  });
});
