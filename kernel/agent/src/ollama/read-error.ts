import { isJsonObject, parseJson } from "@tau/core";

import type { ModelErrorCode } from "../error-codes.ts";
import { textAt } from "../json-fields.ts";
import type { ErrorReading } from "../provider-error.ts";
import type { ErrorAnswer } from "../wire-protocol.ts";

/** Ollama's errors are sentences and nothing else; these it has said for years. */
const sentences: readonly (readonly [RegExp, ModelErrorCode])[] = [
  [/does not support (?:tools|thinking|images|vision|chat|insert)/i, "model.unsupported_content"],
  [/requires more system memory|out of memory|unable to allocate|server busy/i, "model.overloaded"],
  [/^model .*not found|try pulling it first/i, "model.not_found"],
];

/** Reads what an error answer, or an error inside the stream, says. */
export function readOllamaError({ body }: Pick<ErrorAnswer, "body">): ErrorReading {
  const parsed = parseJson(body);
  const said = parsed.ok && isJsonObject(parsed.value) ? textAt(parsed.value, "error") : "";
  const code = sentences.find(([pattern]) => pattern.test(said))?.[1];
  return code === undefined ? {} : { code };
}
