import { headerOf, retryAfterMs } from "./retry-after.ts";
import type { ResponseHeaders } from "./retry-after.ts";

/** One allowance, as the provider last told it. */
export interface RateLimit {
  /** All of a window. */
  readonly limit?: number;
  /** What is left of it. */
  readonly remaining?: number;
  /** Milliseconds since the epoch when it is whole again. */
  readonly resetAt?: number;
}

/** What a provider said with its last answer of what it still takes. */
export interface RateLimits {
  readonly requests?: RateLimit;
  /** Input and output together, or input alone where the provider counts them apart. */
  readonly tokens?: RateLimit;
  readonly outputTokens?: RateLimit;
  /** Milliseconds since the epoch before which it wants to hear nothing. */
  readonly retryAt?: number;
}

type Allowance = "requests" | "tokens" | "outputTokens";

const allowances: Readonly<Record<string, Allowance>> = {
  requests: "requests",
  req: "requests",
  tokens: "tokens",
  "input-tokens": "tokens",
  "output-tokens": "outputTokens",
};

// OpenAI and its imitators put the field first, some with a window after it; Anthropic puts it last.
const fieldFirst =
  /^x-ratelimit-(limit|remaining|reset)(?:-(requests|req|tokens))?(?:-(?:second|minute|hour|day|month))?$/;
const fieldLast =
  /^anthropic-ratelimit-(requests|tokens|input-tokens|output-tokens)-(limit|remaining|reset)$/;

/**
 * Reads the limits that response headers tell: `x-ratelimit-*` of OpenAI and its imitators,
 * `anthropic-ratelimit-*` and `retry-after`. Of several windows of one kind the tightest counts. Undefined when there
 * is nothing about limits.
 */
export function readRateLimits(headers: ResponseHeaders, now: number): RateLimits | undefined {
  // Made when it is needed: every call may ask, and many providers say nothing.
  let windows: Map<string, { allowance: Allowance; found: Mutable<RateLimit> }> | undefined;
  for (const name in headers) {
    if (!name.includes("ratelimit")) continue;
    const [allowance, field, window] = partsOf(name);
    const value = headerOf(headers, name);
    if (allowance === undefined || value === undefined) continue;
    const key = `${allowance} ${window}`;
    windows ??= new Map();
    const entry = windows.get(key) ?? { allowance, found: {} };
    windows.set(key, entry);
    noteField(entry.found, field, { value, now });
  }
  const waitMs = retryAfterMs(headers, now);
  if (windows === undefined && waitMs === undefined) return undefined;
  const limits: Mutable<RateLimits> = waitMs === undefined ? {} : { retryAt: now + waitMs };
  for (const { allowance, found } of windows?.values() ?? []) {
    const known = limits[allowance];
    if (known === undefined || left(found) < left(known)) limits[allowance] = found;
  }
  return limits;
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

/** The allowance, the field and what tells windows of the same allowance apart. */
function partsOf(name: string): readonly [Allowance | undefined, string, string] {
  const last = fieldLast.exec(name);
  if (last !== null) return [allowances[last[1] ?? ""], last[2] ?? "", last[1] ?? ""];
  const first = fieldFirst.exec(name);
  if (first === null) return [undefined, "", ""];
  const [, field = "", kind = "requests"] = first;
  return [allowances[kind], field, name.replace(`-${field}`, "")];
}

function noteField(
  found: Mutable<RateLimit>,
  field: string,
  { value, now }: { readonly value: string; readonly now: number },
): void {
  if (field === "reset") {
    const resetAt = readReset(value, now);
    if (resetAt !== undefined) found.resetAt = resetAt;
    return;
  }
  const count = Number(value);
  if (value === "" || !Number.isFinite(count) || count < 0) return;
  if (field === "limit") found.limit = count;
  else found.remaining = count;
}

function left({ remaining = Infinity }: RateLimit): number {
  return remaining;
}

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** A time such as `6m0s`, a number (of seconds, or since the epoch in seconds or milliseconds), or a date. */
function readReset(value: string, now: number): number | undefined {
  if (/^\d+(\.\d+)?$/.test(value)) {
    const number = Number(value);
    if (number > 1e11) return number;
    return number > 1e9 ? number * 1000 : now + number * 1000;
  }
  if (/^(\d+(\.\d+)?(ms|s|m|h|d))+$/.test(value)) {
    let waitMs = 0;
    for (const [, amount, unit = ""] of value.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)) {
      waitMs += Number(amount) * (unitMs[unit] ?? 0);
    }
    return now + waitMs;
  }
  const date = /^\d{4}-\d\d-\d\dT/.test(value) ? Date.parse(value) : Number.NaN;
  return Number.isNaN(date) ? undefined : date;
}
