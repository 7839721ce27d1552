import { TauError } from "@tau/core";
import type { CallContext } from "@tau/core";

import { callerKey } from "./http-caller.ts";

/** How many calls a caller may make. */
export interface RateLimit {
  /** Calls that may come at once. */
  readonly burst: number;
  /** Calls a minute in the long run. */
  readonly perMinute: number;
}

/** Lets a call pass, or throws `mcp.rate_limited`. */
export type RateLimiter = (call: CallContext) => void;

/** Callers that are remembered; whoever was quiet for longest is forgotten, with a full bucket. */
const maxCallers = 10_000;

/** Makes a token bucket for each caller; `now` is in milliseconds. */
export function createRateLimiter(
  { burst, perMinute }: RateLimit,
  now: () => number = () => performance.now(),
): RateLimiter {
  const buckets = new Map<string, { tokens: number; at: number }>();
  return (call) => {
    const key = callerKey(call);
    const at = now();
    const before = buckets.get(key) ?? { tokens: burst, at };
    const tokens = Math.min(burst, before.tokens + ((at - before.at) / 60_000) * perMinute);
    buckets.delete(key);
    buckets.set(key, { tokens: Math.max(0, tokens - 1), at });
    const [oldest] = buckets.keys();
    if (buckets.size > maxCallers && oldest !== undefined) buckets.delete(oldest);
    if (tokens >= 1) return;
    // A refused call takes nothing: who waits as told gets in.
    buckets.set(key, { tokens, at });
    const retryAfterMs = Math.ceil(((1 - tokens) / perMinute) * 60_000);
    throw new TauError(
      "mcp.rate_limited",
      `Too many calls: at most ${perMinute} a minute. Try again in ${Math.ceil(retryAfterMs / 1_000)} s.`,
      { class: "rate_limited", retryAfterMs },
    );
  };
}
