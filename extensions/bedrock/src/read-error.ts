import { headerOf } from "@tau/agent/adapter";
import type { ErrorAnswer, ErrorReading } from "@tau/agent/adapter";
import { isJsonObject, parseJson } from "@tau/core";

import { objectOf, stringOf } from "./json-fields.ts";

/** By the name of the exception, which begins with a capital letter in answers and with a small one in streams. */
const codes: Readonly<Record<string, NonNullable<ErrorReading["code"]>>> = {
  AccessDeniedException: "model.auth",
  ExpiredTokenException: "model.auth",
  IncompleteSignatureException: "model.auth",
  InvalidSignatureException: "model.auth",
  MissingAuthenticationTokenException: "model.auth",
  UnrecognizedClientException: "model.auth",
  InternalServerException: "model.server_error",
  ModelErrorException: "model.server_error",
  ModelStreamErrorException: "model.server_error",
  ModelNotReadyException: "model.overloaded",
  ServiceUnavailableException: "model.overloaded",
  ModelTimeoutException: "model.timeout",
  ResourceNotFoundException: "model.not_found",
  ServiceQuotaExceededException: "model.payment_required",
  ThrottlingException: "model.rate_limited",
};

const unknownModel = /model identifier is invalid/i;

/** Reads an error as Bedrock tells it: its name in a header, or in the words of an exception inside a stream. */
export function readBedrockError({ headers, body }: ErrorAnswer): ErrorReading {
  const parsed = parseJson(body);
  const said = parsed.ok && isJsonObject(parsed.value) ? parsed.value : {};
  const inStream = objectOf(said["error"]);
  // The header goes on with an address behind a colon.
  const named = (headerOf(headers, "x-amzn-errortype") ?? stringOf(inStream["type"])).split(":")[0] ?? "";
  const name = named.charAt(0).toUpperCase() + named.slice(1);
  const message = stringOf(said["message"]) || stringOf(inStream["message"]);
  const code = unknownModel.test(message) ? "model.not_found" : codes[name];
  return { ...(code === undefined ? {} : { code }), ...(name === "" ? {} : { name }) };
}
