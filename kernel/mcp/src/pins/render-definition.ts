import { isJsonObject } from "@tau/core";
import type { Json } from "@tau/core";

import { byCodeUnits } from "../by-code-units.ts";
import { canonicalSchema } from "./canonical-schema.ts";
import type { Definition } from "./definition.ts";

/**
 * Everything that a definition says, one fact a line, in one order: `inputSchema.properties.path.type: "string"`.
 * Texts of several lines follow their name, each line behind a `│`. Hidden characters are still in it.
 */
export function renderDefinition({ body }: Definition): readonly string[] {
  const { inputSchema, outputSchema } = body;
  return linesOf("", {
    ...body,
    ...(inputSchema === undefined ? {} : { inputSchema: canonicalSchema(inputSchema) }),
    ...(outputSchema === undefined ? {} : { outputSchema: canonicalSchema(outputSchema) }),
  });
}

function linesOf(path: string, value: Json): readonly string[] {
  if (Array.isArray(value)) {
    if (value.length === 0) return [`${path}: []`];
    return value.flatMap((item, index) => linesOf(`${path}[${index}]`, item));
  }
  if (isJsonObject(value)) {
    const keys = Object.keys(value).toSorted(byCodeUnits);
    if (keys.length === 0) return [`${path}: {}`];
    return keys.flatMap((key) => linesOf(joined(path, key), value[key] ?? null));
  }
  if (typeof value !== "string" || !value.includes("\n")) return [`${path}: ${JSON.stringify(value)}`];
  return [`${path}:`, ...value.split("\n").map((line) => `│ ${line}`)];
}

function joined(path: string, key: string): string {
  const name = /^[a-zA-Z0-9_$-]+$/u.test(key) ? key : JSON.stringify(key);
  return path === "" ? name : `${path}.${name}`;
}
