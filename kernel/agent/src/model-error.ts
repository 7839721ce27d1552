import { TauError } from "@tau/core";
import type { ErrorClass, JsonObject } from "@tau/core";

import type { ModelErrorCode } from "./error-codes.ts";

/** Whose failure it is; both names are safe to show. */
export interface ModelIdentity {
  readonly provider: string;
  readonly model: string;
  /** What this provider's users can do about a failure, instead of the general advice. */
  readonly sentences?: Readonly<Partial<Record<ModelErrorCode, string>>>;
}

const classes: Readonly<Record<ModelErrorCode, ErrorClass>> = {
  "model.auth": "auth",
  "model.rate_limited": "rate_limited",
  "model.payment_required": "permanent",
  "model.context_too_long": "permanent",
  "model.overloaded": "retryable",
  "model.invalid_request": "permanent",
  "model.unsupported_content": "permanent",
  "model.not_found": "permanent",
  "model.redirected": "permanent",
  "model.server_error": "retryable",
  "model.network": "retryable",
  "model.timeout": "retryable",
  "model.idle_timeout": "retryable",
  "model.parse": "retryable",
  "model.too_large": "permanent",
  "model.malformed_tool_call": "retryable",
  "model.truncated": "retryable",
  "model.content_filtered": "permanent",
  "model.cancelled": "retryable",
};

const sentences: Readonly<Record<ModelErrorCode, string>> = {
  "model.auth": "refused the API key or its rights. Check the key and which models it may use",
  "model.rate_limited": "asks to slow down. Wait and ask again",
  "model.payment_required": "says that the account has no credit or quota left. Add credit at the provider",
  "model.context_too_long":
    "says that the conversation is longer than the model can read. Shorten the history",
  "model.overloaded": "has no capacity right now. Ask again later",
  "model.invalid_request": "refused the request as invalid. The log has its reason",
  "model.unsupported_content": "cannot be sent this kind of content",
  "model.not_found": "knows no such model or address. Check the model's id and the base URL",
  "model.redirected":
    "answered with a redirect, which is not followed. Set the base URL to the final address",
  "model.server_error": "failed. Ask again",
  "model.network": "could not be reached, or the connection broke. Check the base URL and the network",
  "model.timeout": "did not accept the connection or begin its answer in time",
  "model.idle_timeout": "began its answer and then sent nothing for too long",
  "model.parse": "sent something that is not this protocol. Check the base URL",
  "model.too_large": "sent more than the configured limit",
  "model.malformed_tool_call":
    "could not read how the model called a tool. Ask again, or simplify the tool's schema",
  "model.truncated": "ended its answer before the end marker. Nothing of it is complete",
  "model.content_filtered": "refused because of its content filter",
  "model.cancelled": "cancelled the request",
};

/** Options of {@link modelError}. */
export interface ModelErrorOptions {
  /** Replaces the code's own sentence; must be safe to show to a remote caller. */
  readonly sentence?: string;
  readonly class?: ErrorClass;
  readonly retryAfterMs?: number | undefined;
  readonly details?: JsonObject;
  readonly cause?: unknown;
}

/** Makes the one kind of error that adapters throw; the message says who failed, why and what to do. */
export function modelError(
  code: ModelErrorCode,
  identity: ModelIdentity,
  options: ModelErrorOptions = {},
): TauError {
  const sentence = options.sentence ?? identity.sentences?.[code] ?? sentences[code];
  const message = `Provider "${identity.provider}" (model "${identity.model}") ${sentence}.`;
  return new TauError(code, message, {
    class: options.class ?? classes[code],
    details: { provider: identity.provider, model: identity.model, ...options.details },
    ...(options.retryAfterMs === undefined ? {} : { retryAfterMs: options.retryAfterMs }),
    ...(options.cause === undefined ? {} : { cause: options.cause }),
  });
}
