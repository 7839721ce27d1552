import { isJsonObject } from "@tau/core";
import type { Json, JsonObject } from "@tau/core";

import { objectAt } from "../json-fields.ts";
import { numberGap, wordGap } from "../sse/delta-gap.ts";
import type { DeltaGap } from "../sse/delta-gap.ts";

const counts = ["candidatesTokenCount", "totalTokenCount", "thoughtsTokenCount"];

/** Counts that grow with every chunk. The decoder reads them from the newest chunk, not from each. */
export const countGaps: readonly DeltaGap[] = [
  numberGap(counts, (event) => counts.map((name) => objectAt(event, "usageMetadata")[name])),
];

/** Told by the first chunk of an answer, too. */
export const answerGaps: readonly DeltaGap[] = [wordGap(["responseId"], (event) => [event["responseId"]])];

/** The text of a chunk that does nothing but add text to the answer, or to the thoughts; otherwise undefined. */
export function plainText(thought: boolean): (event: Json) => string | undefined {
  const partKeys = thought ? ["text", "thought"] : ["text"];
  return (event) => {
    const candidate = onlyObject(event, "candidates", [
      "usageMetadata",
      "modelVersion",
      "responseId",
      "createTime",
    ]);
    const content = objectAt(candidate, "content");
    if (Object.keys(candidate).some((key) => !mayStand(candidate, key))) return undefined;
    const part = onlyObject(content, "parts", ["role"]);
    const { text } = part;
    const isPlain = Object.keys(part).every((key) => partKeys.includes(key));
    if (!isPlain || (part["thought"] === true) !== thought) return undefined;
    return typeof text === "string" && text !== "" ? text : undefined;
  };
}

function mayStand(candidate: JsonObject, key: string): boolean {
  if (key === "index") return candidate[key] === 0;
  // Searching models send an empty one with each chunk.
  const value = candidate[key];
  return (
    key === "content" ||
    (key === "groundingMetadata" && isJsonObject(value) && Object.keys(value).length === 0)
  );
}

/** The only entry of a list, if the object has nothing else but some fields that say nothing; otherwise an empty one. */
function onlyObject(value: Json, list: string, others: readonly string[]): JsonObject {
  if (!isJsonObject(value)) return {};
  const entries = value[list];
  if (!Array.isArray(entries) || entries.length !== 1) return {};
  if (Object.keys(value).some((key) => key !== list && !others.includes(key))) return {};
  const [entry]: readonly Json[] = entries;
  return isJsonObject(entry) ? entry : {};
}
