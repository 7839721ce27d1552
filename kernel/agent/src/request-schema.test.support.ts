import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";

import { Validator } from "@cfworker/json-schema";
import { isJsonObject, parseJson } from "@tau/core";

/**
 * What is wrong with a request body in the eyes of the vendor's library: its types, made to a schema by
 * `fixtures/request-schemas/make.mjs`, take no unknown field. Empty when nothing is.
 */
export function schemaErrors(
  protocol: "anthropic" | "openai-chat" | "openai-responses" | "gemini" | "ollama",
  body: unknown,
): readonly string[] {
  const packed = readFileSync(new URL(`../fixtures/request-schemas/${protocol}.json.gz`, import.meta.url));
  const schema = parseJson(gunzipSync(packed).toString("utf8"));
  if (!schema.ok || !isJsonObject(schema.value)) throw new Error(`The schema of ${protocol} is no object.`);
  const { errors } = new Validator(schema.value, "7", false).validate(body);
  return errors.map(({ instanceLocation, error }) => `${instanceLocation}: ${error}`);
}
