import { randomFillSync } from "node:crypto";

import { TauError } from "./tau-error.ts";

/** Two hexadecimal digits for each byte. */
const hex: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

const randomBytesPerId = 10;
const pool = new Uint8Array(randomBytesPerId * 400);
let poolOffset = pool.length;
let lastMs = 0;
let sequence = 0;
/** The first 14 digits with their hyphens, of `lastMs`. */
let prefix = "";

/**
 * Makes a UUIDv7 (RFC 9562 §5.7): sortable by time, and strictly increasing within one process.
 *
 * The 12 bits of `rand_a` count within a millisecond (§6.2, method 1), so that ids made together sort
 * in the order they were made; when the counter runs over, the time moves ahead by one millisecond.
 */
export function uuidv7(now: number = Date.now()): string {
  if (poolOffset === pool.length) {
    randomFillSync(pool);
    poolOffset = 0;
  }
  const at = poolOffset;
  poolOffset += randomBytesPerId;
  if (now > lastMs) {
    sequence = ((byteAt(at) << 8) | byteAt(at + 1)) & 0x7ff;
    setTime(now);
  } else if (++sequence > 0xfff) {
    sequence = 0;
    setTime(lastMs + 1);
  }
  const counter = `${hex[sequence >> 4]}${(sequence & 15).toString(16)}`;
  const variant = hex[0x80 | (byteAt(at + 2) & 0x3f)];
  return `${prefix}${counter}-${variant}${hexAt(at + 3)}-${hexAt(at + 4)}${hexAt(at + 5)}${hexAt(at + 6)}${hexAt(at + 7)}${hexAt(at + 8)}${hexAt(at + 9)}`;
}

function setTime(ms: number): void {
  const time = ms.toString(16).padStart(12, "0");
  lastMs = ms;
  prefix = `${time.slice(0, 8)}-${time.slice(8)}-7`;
}

function byteAt(index: number): number {
  return pool[index] ?? 0;
}

function hexAt(index: number): string {
  return hex[byteAt(index)] ?? "00";
}

const tenantPattern = /^[a-z0-9](?:[a-z0-9_-]{0,62}[a-z0-9])?$/;

/**
 * Checks a tenant name: 1 to 64 of `a-z 0-9 _ -`, beginning and ending with a letter or digit, so that
 * it is the same name on every file system and in every key.
 *
 * @throws TauError `context.invalid_tenant`
 */
export function assertTenant(tenant: string): void {
  if (tenantPattern.test(tenant)) return;
  throw new TauError(
    "context.invalid_tenant",
    `tenant ${JSON.stringify(tenant.slice(0, 80))} is not valid: use 1 to 64 characters of a-z, 0-9, "_" and "-", beginning and ending with a letter or a digit.`,
  );
}
