import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";

import { isJsonObject, parseJson } from "@tau/core";
import type { JsonObject } from "@tau/core";

/** Reads `fixtures/<name>.ndjson.gz`: a recorded answer a line. */
export function readFixture(name: string): readonly JsonObject[] {
  const packed = readFileSync(new URL(`../fixtures/${name}.ndjson.gz`, import.meta.url));
  return gunzipSync(packed).toString("utf8").trimEnd().split("\n").map(parseObject);
}

/** @throws Error when the text is not a JSON object */
export function parseObject(text: string): JsonObject {
  const parsed = parseJson(text);
  if (!parsed.ok || !isJsonObject(parsed.value)) throw new Error(`not an object: ${text.slice(0, 80)}`);
  return parsed.value;
}
