import { TauError } from "@tau/core";

/** Counts the requests of each host. */
export interface RateLimit {
  /** Counts one. Throws `web.rate_limited` when the host has had its share. */
  take(host: string): void;
}

const windowMs = 60_000;

/** Makes a limit of `perMinute` requests to each host in any minute. */
export function createRateLimit(perMinute: number, now: () => number): RateLimit {
  const taken = new Map<string, readonly number[]>();
  return {
    take(host) {
      const at = now();
      const recent = (taken.get(host) ?? []).filter((time) => time > at - windowMs);
      const [first = at] = recent;
      if (recent.length >= perMinute) {
        const waitMs = first + windowMs - at;
        throw new TauError(
          "web.rate_limited",
          `${host} was asked ${perMinute} times within a minute. Wait ${Math.ceil(waitMs / 1000)} seconds, or use another source.`,
          { class: "rate_limited", retryAfterMs: waitMs },
        );
      }
      for (const [other, times] of taken) if ((times.at(-1) ?? 0) <= at - windowMs) taken.delete(other);
      taken.set(host, [...recent, at]);
    },
  };
}
