import { parseJson } from "@tau/core";
import type { Json } from "@tau/core";

// The rest of the fence's line excludes its end, so that there is one way to match: many empty lines cost no more.
const fence = /```(?:json)?[^\S\n]*\n(.*?)```/s;

/** The JSON of a text: all of it, what stands in a fence, or from the first bracket to the last. */
export function findJson(text: string): Json | undefined {
  const fenced = fence.exec(text)?.[1];
  const start = text.search(/[{[]/);
  const end = Math.max(text.lastIndexOf("}"), text.lastIndexOf("]"));
  const candidates = [text, fenced, start === -1 ? undefined : text.slice(start, end + 1)];
  for (const candidate of candidates) {
    const parsed = candidate === undefined ? undefined : parseJson(candidate);
    if (parsed?.ok === true) return parsed.value;
  }
  return undefined;
}
