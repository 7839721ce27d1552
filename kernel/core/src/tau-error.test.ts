import { describe, expect, test } from "vitest";

import { isTauError, TauError, toErrorInfo } from "./tau-error.ts";

describe("TauError", () => {
  test("is permanent and without details unless it says otherwise", () => {
    const error = new TauError("tool.denied", "Not allowed.");

    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({ code: "tool.denied", class: "permanent", details: {} });
    expect(error.retryAfterMs).toBeUndefined();
    expect("cause" in error).toBe(false);
  });
});

describe("isTauError()", () => {
  test("recognizes the class of another copy of this package", () => {
    const foreign = Object.assign(new Error("x"), { kind: "tau.error", code: "a.b" });

    expect(isTauError(foreign)).toBe(true);
  });

  test("does not take plain errors or look-alikes that are not errors", () => {
    expect(isTauError(new Error("x"))).toBe(false);
    expect(isTauError({ kind: "tau.error", code: "a.b" })).toBe(false);
    expect(isTauError(undefined)).toBe(false);
  });
});

describe("toErrorInfo()", () => {
  test("keeps code, message, class and the time to wait, and drops the cause", () => {
    const error = new TauError("model.rate_limited", "Too many requests.", {
      class: "rate_limited",
      retryAfterMs: 1_500,
      cause: new Error("sk-secret"),
    });

    expect(toErrorInfo(error)).toEqual({
      code: "model.rate_limited",
      message: "Too many requests.",
      class: "rate_limited",
      retryAfterMs: 1_500,
    });
  });

  test.each([new TypeError("/home/me/secret is not a function"), "text", undefined])(
    "says nothing of what an unexpected failure contains: %s",
    (failure) => {
      expect(toErrorInfo(failure)).toEqual({
        code: "internal",
        message: "An unexpected error occurred; the log has the details.",
        class: "permanent",
      });
    },
  );
});
