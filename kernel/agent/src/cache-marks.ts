import type { Message } from "@tau/core";

import type { ModelRequest } from "./model.ts";

/** Where a request is marked for the provider's prompt cache. */
export interface CacheMarks {
  /** Places in `tools`. */
  readonly tools: readonly number[];
  readonly system: boolean;
  /** Places in `messages`: the end, and the end of the request before, so that what that wrote is read again. */
  readonly messages: readonly number[];
}

/** No marks at all. */
export const noCacheMarks: CacheMarks = { tools: [], system: false, messages: [] };

/** Chooses where to put at most `limit` marks, the most useful places first. */
export function chooseCacheMarks(request: ModelRequest, limit: number): CacheMarks {
  if (request.promptCache === "none") return noCacheMarks;
  let left = limit;
  const take = (place: number): readonly number[] => (place >= 0 && left-- > 0 ? [place] : []);
  const last = saidBefore(request.messages, request.messages.length);
  const end = take(last);
  const system = hasText(request.system) && take(0).length > 0;
  const messages = [...take(saidBefore(request.messages, last)), ...end];
  return { tools: take(request.tools.length - 1), system, messages };
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
