import { isJsonObject, parseJson } from "@tau/core";

import { visible } from "./plain-text.ts";

/** Arguments as a person reads them: one a line, commands and texts as they are, and all of them. */
export function readableArguments(json: string): string {
  const parsed = parseJson(json);
  if (!parsed.ok || !isJsonObject(parsed.value)) return visible(json);
  const lines = Object.entries(parsed.value).map(([key, value]) => {
    const text = typeof value === "string" ? value : JSON.stringify(value, undefined, 2);
    return visible(text.includes("\n") ? `${key}:\n${text.replaceAll(/^/gmu, "  ")}` : `${key}: ${text}`);
  });
  return lines.join("\n");
}
