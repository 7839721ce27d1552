import type { Json } from "@tau/core";

/** OpenAI's protocols count places of a text in characters (code points), of which some are two units of a string. */
export function utf16Offset(text: string, index: Json | undefined): number | undefined {
  if (typeof index !== "number") return undefined;
  let units = 0;
  for (let characters = 0; characters < index && units < text.length; characters++) {
    units += (text.codePointAt(units) ?? 0) > 0xffff ? 2 : 1;
  }
  return units;
}
