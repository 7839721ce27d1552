import { Code, ConnectError } from "@connectrpc/connect";
import { isTauError, TauError } from "@tau/core";
import type { ErrorClass as TauErrorClass, JsonObject } from "@tau/core";
import type { ErrorDetail } from "@tau/proto";
import { ErrorClass, ErrorDetailSchema, wordOf } from "@tau/proto";

/** A failed call, and where its stream goes on. */
export interface CallFailure {
  readonly error: TauError;
  readonly resumeFromSeq?: number;
}

/** Turns a failed call into the `TauError` that the server threw, or into one of this package. */
export function failureFromConnect(thrown: unknown): CallFailure {
  if (isTauError(thrown)) return { error: thrown };
  const cause = ConnectError.from(thrown);
  const [detail] = cause.findDetails(ErrorDetailSchema);
  if (detail === undefined) return { error: withoutDetail(cause) };
  const error = new TauError(detail.code, cause.rawMessage, {
    class: wordOf(ErrorClass, detail.class) ?? "permanent",
    ...(detail.retryAfterMs === undefined ? {} : { retryAfterMs: Number(detail.retryAfterMs) }),
    details: detailsOf(detail),
    cause,
  });
  return detail.resumeFromSeq === undefined
    ? { error }
    : { error, resumeFromSeq: Number(detail.resumeFromSeq) };
}

function detailsOf({ violations, facts, traceId }: ErrorDetail): JsonObject {
  return {
    ...facts,
    ...(violations.length === 0
      ? {}
      : { violations: violations.map(({ field, reason }) => ({ field, reason })) }),
    ...(traceId === "" ? {} : { traceId }),
  };
}

const classes: Partial<Record<Code, readonly [code: string, errorClass: TauErrorClass]>> = {
  [Code.Unavailable]: ["client.unreachable", "retryable"],
  [Code.Aborted]: ["client.unreachable", "retryable"],
  [Code.Canceled]: ["call.cancelled", "cancelled"],
  [Code.DeadlineExceeded]: ["call.deadline_exceeded", "cancelled"],
  [Code.InvalidArgument]: ["request.invalid", "permanent"],
  [Code.ResourceExhausted]: ["request.invalid", "permanent"],
};

/** Failures below the contract: the connection, the protocol, the size of a message. */
function withoutDetail(cause: ConnectError): TauError {
  const [code, errorClass] = isBrokenConnection(cause)
    ? (["client.unreachable", "retryable"] as const)
    : (classes[cause.code] ?? (["client.protocol", "permanent"] as const));
  const message =
    code === "client.unreachable"
      ? `The server does not answer: ${once(cause.rawMessage)}. Check its address, and that "tau serve" runs there.`
      : `The call failed: ${cause.rawMessage}`;
  return new TauError(code, message, { class: errorClass, cause });
}

/** Connect puts the system's code before a message that ends with what the system says, code and all. */
function once(message: string): string {
  const parts = message.replace(/\.$/u, "").split(": ");
  return parts
    .filter((part, index) => !parts.some((other, at) => at > index && other.includes(part)))
    .join(": ");
}

// connect-node reports some broken connections as internal errors.
function isBrokenConnection(error: ConnectError): boolean {
  return (
    error.code === Code.Internal && /ECONNRESET|EPIPE|ECONNREFUSED|closed|GOAWAY/i.test(error.rawMessage)
  );
}
