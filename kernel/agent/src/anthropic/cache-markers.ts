import type { JsonObject } from "@tau/core";

import { chooseCacheMarks, noCacheMarks } from "../cache-marks.ts";
import type { CacheMarks } from "../cache-marks.ts";
import type { ModelRequest } from "../model.ts";
import type { AnthropicBodyOptions } from "./body-options.ts";

/** What the provider is asked to keep. */
export interface CacheMarkers extends CacheMarks {
  /** The mark, as it stands before the closing brace of a block. */
  readonly text: string;
}

/** The provider takes no more in a request. */
const maxMarkers = 4;

/** Chooses what to mark; marks that the caller placed count. */
export function placeMarkers(
  request: ModelRequest,
  extra: JsonObject | undefined,
  { promptCache }: Pick<AnthropicBodyOptions, "promptCache">,
): CacheMarkers {
  // Five minutes are what a mark without a time means; servers that know no times take it, too.
  const text = `,"cache_control":{"type":"ephemeral"${promptCache === "1h" ? ',"ttl":"1h"' : ""}}`;
  if (promptCache === "none") return { ...noCacheMarks, text };
  const placed = [
    ...(request.providerTools ?? []).map(({ data }) => data),
    ...(extra === undefined ? [] : [extra]),
  ];
  return { ...chooseCacheMarks(request, maxMarkers - countMarkers(placed)), text };
}

function countMarkers(placed: readonly JsonObject[]): number {
  let count = 0;
  JSON.stringify(placed, (name, value: unknown) => {
    if (name === "cache_control" && value !== null) count++;
    return value;
  });
  return count;
}
