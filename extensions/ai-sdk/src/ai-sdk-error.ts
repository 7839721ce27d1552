import { APICallError } from "@ai-sdk/provider";
import { modelError, providerError } from "@tau/agent/adapter";
import type { ModelIdentity } from "@tau/agent/adapter";
import { isTauError } from "@tau/core";

/** Names of the AI SDK's errors that say that the other side does not speak its protocol. */
const notTheProtocol = new Set([
  "AI_JSONParseError",
  "AI_TypeValidationError",
  "AI_InvalidResponseDataError",
  "AI_EmptyResponseBodyError",
]);

/** Names of the AI SDK's errors that say that the request cannot be sent. */
const cannotBeSent = new Set(["AI_UnsupportedFunctionalityError", "AI_InvalidPromptError"]);

/** Maps what an AI SDK model threw to the codes of `@tau/agent`. The request's body, which it holds, is not kept. */
export function aiSdkError(identity: ModelIdentity, error: unknown): Error {
  if (isTauError(error)) return error;
  if (APICallError.isInstance(error)) return callError(identity, error);
  const name = error instanceof Error ? error.name : "";
  const cause = new Error(error instanceof Error ? `${name}: ${error.message}`.slice(0, 2_048) : "unknown");
  if (notTheProtocol.has(name)) return modelError("model.parse", identity, { cause });
  if (cannotBeSent.has(name)) return modelError("model.unsupported_content", identity, { cause });
  if (name === "AI_LoadAPIKeyError") {
    return modelError("model.auth", identity, { sentence: "was given no API key. Set one", cause });
  }
  // An error event of the stream comes as the provider wrote it.
  if (!(error instanceof Error)) return answered(identity, 200, JSON.stringify(error ?? {}), {});
  return modelError("model.network", identity, { cause });
}

function callError(identity: ModelIdentity, error: APICallError): Error {
  const { statusCode, responseBody = "", responseHeaders = {} } = error;
  if (statusCode !== undefined && statusCode !== 200) {
    return answered(identity, statusCode, responseBody, responseHeaders);
  }
  if (statusCode === 200) return modelError("model.parse", identity, { cause: new Error(error.message) });
  return modelError("model.network", identity, { cause: new Error(error.message) });
}

function answered(
  identity: ModelIdentity,
  status: number,
  body: string,
  headers: Readonly<Record<string, string>>,
): Error {
  return providerError(identity, { status, headers, body, secrets: [], now: Date.now() });
}
