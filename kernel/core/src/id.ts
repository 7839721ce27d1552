import { randomFillSync } from "node:crypto";

import { TauError } from "./tau-error.ts";

const pool = Buffer.allocUnsafe(16 * 256);
let poolOffset = pool.length;
let lastMs = 0;
let sequence = 0;

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
  const random = pool.subarray(poolOffset, (poolOffset += 16));
  if (now > lastMs) {
    lastMs = now;
    sequence = random.readUInt16BE(0) & 0x7ff;
  } else if (++sequence > 0xfff) {
    lastMs += 1;
    sequence = 0;
  }
  const time = lastMs.toString(16).padStart(12, "0");
  const low = random.toString("hex", 2, 10);
  const variant = (8 | ((random[10] ?? 0) & 3)).toString(16);
  const counter = sequence.toString(16).padStart(3, "0");
  return `${time.slice(0, 8)}-${time.slice(8)}-7${counter}-${variant}${low.slice(0, 3)}-${low.slice(3, 15)}`;
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
