/** Response headers by lower-case name, as the transport gives them. */
export type ResponseHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

const dayMs = 86_400_000;

/** Takes one header's value; of a repeated header the first. */
export function headerOf(headers: ResponseHeaders, name: string): string | undefined {
  const value = headers[name];
  return typeof value === "string" || value === undefined ? value : value[0];
}

/**
 * Reads how long the server asks us to wait, in milliseconds: `retry-after-ms`, else `retry-after` in
 * seconds or as a date (RFC 9110 §10.2.3). Absent, unreadable or more than a day: undefined.
 */
export function retryAfterMs(headers: ResponseHeaders, now: number): number | undefined {
  const milliseconds = headerOf(headers, "retry-after-ms");
  if (milliseconds !== undefined && /^\d+(\.\d+)?$/.test(milliseconds)) {
    return bounded(Number(milliseconds));
  }
  const value = headerOf(headers, "retry-after");
  if (value === undefined || value === "") return undefined;
  if (/^\d+(\.\d+)?$/.test(value)) return bounded(Number(value) * 1000);
  // Only what has a weekday or a month: `Date.parse` makes a date of "-1" too.
  const date = /[A-Z][a-z]{2}/.test(value) ? Date.parse(value) : Number.NaN;
  return Number.isNaN(date) ? undefined : bounded(Math.max(0, date - now));
}

function bounded(waitMs: number): number | undefined {
  return waitMs <= dayMs ? Math.ceil(waitMs) : undefined;
}
