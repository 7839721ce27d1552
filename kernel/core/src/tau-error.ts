import type { JsonObject } from "./json.ts";

/** What a caller can do about a failure. */
export type ErrorClass = "permanent" | "retryable" | "rate_limited" | "auth" | "cancelled";

/** Options of {@link TauError}. */
export interface TauErrorOptions {
  /** Defaults to `permanent`. */
  readonly class?: ErrorClass;
  /** How long the other side asked us to wait, in milliseconds. */
  readonly retryAfterMs?: number;
  /** Facts for machines; safe to show to a remote caller. */
  readonly details?: JsonObject;
  /** The technical cause: for logs only, never sent to a remote caller. */
  readonly cause?: unknown;
}

/**
 * An expected failure, named by a stable code such as `"tool.denied"`.
 *
 * `message` is safe to show to a remote caller: secrets, host paths and provider bodies go in `cause`.
 * Bugs are `TypeError` or `RangeError`, never a `TauError`. Every code is listed in docs/errors.md.
 */
export class TauError extends Error {
  /** Recognizes the class where `instanceof` cannot: see {@link isTauError}. */
  readonly kind = "tau.error";
  readonly code: string;
  readonly class: ErrorClass;
  readonly retryAfterMs: number | undefined;
  readonly details: JsonObject;

  constructor(code: string, message: string, options: TauErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "TauError";
    this.code = code;
    this.class = options.class ?? "permanent";
    this.retryAfterMs = options.retryAfterMs;
    this.details = options.details ?? {};
  }
}

/** Tells whether `value` is a {@link TauError}, even one from another copy of this package. */
export function isTauError(value: unknown): value is TauError {
  return value instanceof Error && "kind" in value && value.kind === "tau.error";
}

/** The part of a failure that is journaled and sent to callers. */
export interface ErrorInfo {
  readonly code: string;
  readonly message: string;
  readonly class: ErrorClass;
  readonly retryAfterMs?: number;
}

/** Describes any thrown value; what is not a {@link TauError} becomes `internal` without its text. */
export function toErrorInfo(error: unknown): ErrorInfo {
  if (!isTauError(error)) {
    return {
      code: "internal",
      message: "An unexpected error occurred; the log has the details.",
      class: "permanent",
    };
  }
  return {
    code: error.code,
    message: error.message,
    class: error.class,
    ...(error.retryAfterMs === undefined ? {} : { retryAfterMs: error.retryAfterMs }),
  };
}
