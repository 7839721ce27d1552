import type { JsonObject, Message } from "@tau/core";

import type { ModelRequest } from "../model.ts";
import type { AnthropicBodyOptions } from "./body-options.ts";

/** What the provider is asked to keep; it takes at most four marks in a request. */
export interface CacheMarkers {
  /** The mark, as it stands before the closing brace of a block. */
  readonly text: string;
  /** Places of tools. */
  readonly tools: readonly number[];
  readonly system: boolean;
  /** Places of messages: the end, and the end of the request before, so that what that wrote is read again. */
  readonly messages: readonly number[];
}

const maxMarkers = 4;

/** Chooses what to mark, the most useful first; marks that the caller placed count. */
export function placeMarkers(
  request: ModelRequest,
  extra: JsonObject | undefined,
  { promptCache }: Pick<AnthropicBodyOptions, "promptCache">,
): CacheMarkers {
  // Five minutes are what a mark without a time means; servers that know no times take it, too.
  const text = `,"cache_control":{"type":"ephemeral"${promptCache === "1h" ? ',"ttl":"1h"' : ""}}`;
  if (request.promptCache === "none" || promptCache === "none") {
    return { text, tools: [], system: false, messages: [] };
  }
  const placed = [
    ...(request.providerTools ?? []).map(({ data }) => data),
    ...(extra === undefined ? [] : [extra]),
  ];
  let left = maxMarkers - countMarkers(placed);
  const take = (place: number): readonly number[] => (place >= 0 && left-- > 0 ? [place] : []);
  const last = saidBefore(request.messages, request.messages.length);
  const end = take(last);
  const system = hasText(request.system) && take(0).length > 0;
  const messages = [...take(saidBefore(request.messages, last)), ...end];
  return { text, tools: take(request.tools.length - 1), system, messages };
}

/** The place of the last message before `place` that can be marked: an answer may end with thinking, which cannot. */
function saidBefore(messages: readonly Message[], place: number): number {
  let at = place - 1;
  while (at >= 0 && messages[at]?.role === "assistant") at--;
  return at;
}

function hasText(text: string | undefined): boolean {
  return text !== undefined && text.trim() !== "";
}

function countMarkers(placed: readonly JsonObject[]): number {
  let count = 0;
  JSON.stringify(placed, (name, value: unknown) => {
    if (name === "cache_control" && value !== null) count++;
    return value;
  });
  return count;
}
