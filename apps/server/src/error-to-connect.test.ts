import { Code } from "@connectrpc/connect";
import { TauError } from "@tau/core";
import { ErrorDetailSchema } from "@tau/proto";
import { describe, expect, it } from "vitest";

import { connectCodeOf, errorToConnect } from "./error-to-connect.ts";

const place = { traceId: "0".repeat(32) };

describe("a failure, as Connect sees it", () => {
  it.each([
    ["request.invalid", "permanent", Code.InvalidArgument],
    ["session.invalid_seq", "permanent", Code.InvalidArgument],
    ["session.not_found", "permanent", Code.NotFound],
    ["agent.not_found", "permanent", Code.NotFound],
    ["approval.answered", "permanent", Code.FailedPrecondition],
    ["journal.conflict", "retryable", Code.Aborted],
    ["journal.unavailable", "retryable", Code.Unavailable],
    ["server.unauthenticated", "auth", Code.Unauthenticated],
    ["server.origin_refused", "auth", Code.PermissionDenied],
    ["server.too_many_streams", "retryable", Code.ResourceExhausted],
    ["model.rate_limited", "rate_limited", Code.ResourceExhausted],
    ["call.deadline_exceeded", "cancelled", Code.DeadlineExceeded],
    ["run.deadline", "cancelled", Code.DeadlineExceeded],
    ["call.cancelled", "cancelled", Code.Canceled],
    ["something.new", "retryable", Code.Unavailable],
    ["something.new", "permanent", Code.FailedPrecondition],
    ["internal", "permanent", Code.Internal],
  ] as const)("%s (%s)", (code, errorClass, expected) => {
    expect(connectCodeOf(new TauError(code, "x", { class: errorClass }))).toBe(expected);
  });

  it("carries code, class, wait, facts and cursor, and never the cause", () => {
    const error = new TauError("model.rate_limited", "Wait.", {
      class: "rate_limited",
      retryAfterMs: 1_500,
      details: { provider: "x" },
      cause: new Error("secret"),
    });
    const sent = errorToConnect(error, { ...place, resumeFromSeq: 7 });
    expect(sent.rawMessage).toBe("Wait.");
    expect(sent.details).toEqual([
      {
        desc: ErrorDetailSchema,
        value: expect.objectContaining({
          code: "model.rate_limited",
          retryAfterMs: 1_500n,
          resumeFromSeq: 7n,
          facts: { provider: "x" },
          traceId: place.traceId,
          $typeName: "tau.runtime.v1.ErrorDetail",
        }),
      },
    ]);
  });
});
