import { APICallError } from "@ai-sdk/provider";
import { isTauError } from "@tau/core";

/** A failure of Tau in the words of the AI SDK; anything else stays what it is. */
export function toApiError(
  model: { readonly provider: string; readonly id: string },
  error: unknown,
): unknown {
  if (!isTauError(error)) return error;
  const { status } = error.details;
  return new APICallError({
    message: error.message,
    url: `tau:${model.provider}/${model.id}`,
    requestBodyValues: {},
    ...(typeof status === "number" ? { statusCode: status } : {}),
    ...(error.retryAfterMs === undefined
      ? {}
      : { responseHeaders: { "retry-after-ms": String(error.retryAfterMs) } }),
    isRetryable: error.class === "retryable" || error.class === "rate_limited",
    cause: error,
  });
}
