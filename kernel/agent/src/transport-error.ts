import { isTauError } from "@tau/core";
import type { TauError } from "@tau/core";

import type { ModelErrorCode } from "./error-codes.ts";
import { modelError } from "./model-error.ts";
import type { ModelIdentity } from "./model-error.ts";

const byCode: Readonly<Record<string, ModelErrorCode>> = {
  UND_ERR_CONNECT_TIMEOUT: "model.timeout",
  UND_ERR_HEADERS_TIMEOUT: "model.timeout",
  ETIMEDOUT: "model.timeout",
  UND_ERR_BODY_TIMEOUT: "model.idle_timeout",
  RESPONSE_TOO_LARGE: "model.too_large",
  EVENT_TOO_LARGE: "model.too_large",
  UND_ERR_HEADERS_OVERFLOW: "model.parse",
  ANSWER_NOT_JSON: "model.parse",
  ENCODING_BROKEN: "model.parse",
};

/** Maps what undici, the socket or a parser said; what is a {@link TauError} already stays as it is. */
export function transportError(identity: ModelIdentity, error: unknown): TauError {
  if (isTauError(error)) return error;
  // The other side does not speak HTTP. Undici's error holds all of what it said: too much to keep.
  if (error instanceof Error && error.name === "HTTPParserError") {
    return modelError("model.parse", identity, { cause: new Error(error.message) });
  }
  const code = codeOf(error);
  return modelError(byCode[code] ?? "model.network", identity, {
    cause: error,
    details: /^[A-Z][A-Z0-9_]{2,40}$/.test(code) ? { reason: code } : {},
  });
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return "";
  if ("code" in error && typeof error.code === "string") return error.code;
  return codeOf(error.cause);
}
