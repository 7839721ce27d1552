import { randomFillSync } from "node:crypto";

import { TauError } from "./tau-error.ts";

/** The codes of the hexadecimal digits. */
const digits: readonly number[] = Array.from("0123456789abcdef", (digit) => digit.charCodeAt(0));

const randomBytesPerId = 10;
const pool = Buffer.alloc(randomBytesPerId * 400);
let poolOffset = pool.length;
let lastMs = 0;
let sequence = 0;
/**
 * The codes of the id that is being made. Put together out of strings, it would stay a tree of thirty of them for as long as
 * it lives; and a buffer's text is made natively, which takes three times as long after a wait.
 */
const codes: number[] = Array.from("00000000-0000-7000-8000-000000000000", (digit) => digit.charCodeAt(0));

/**
 * Makes a UUIDv7 (RFC 9562 §5.7): sortable by time, and strictly increasing within one process.
 *
 * The 12 bits of `rand_a` count within a millisecond (§6.2, method 1), so that ids made together sort
 * in the order they were made; when the counter runs over, the time moves ahead by one millisecond.
 */
export function uuidv7(now: number = Date.now()): string {
  const at = takeRandom(randomBytesPerId);
  if (now > lastMs) {
    sequence = ((byteAt(at) << 8) | byteAt(at + 1)) & 0x7ff;
    setTime(now);
  } else if (++sequence > 0xfff) {
    sequence = 0;
    setTime(lastMs + 1);
  }
  codes[15] = digits[sequence >> 8] ?? 0;
  putByte(16, sequence & 0xff);
  putByte(19, 0x80 | (byteAt(at + 2) & 0x3f));
  putByte(21, byteAt(at + 3));
  for (let byte = 0; byte < 6; byte++) putByte(24 + byte * 2, byteAt(at + 4 + byte));
  return String.fromCharCode(...codes);
}

/** Makes a W3C trace id: 32 random hexadecimal digits. */
export function newTraceId(): string {
  const at = takeRandom(16);
  return pool.toString("hex", at, at + 16);
}

/** Where in the pool so many bytes stand that nobody else gets: asking the system for a few costs as much as for many. */
function takeRandom(bytes: number): number {
  if (poolOffset + bytes > pool.length) {
    randomFillSync(pool);
    poolOffset = 0;
  }
  const at = poolOffset;
  poolOffset += bytes;
  return at;
}

function setTime(ms: number): void {
  lastMs = ms;
  // A time has 48 bits, more than operators on bits can take.
  const high = Math.floor(ms / 0x1000000);
  const low = ms % 0x1000000;
  putByte(0, (high >> 16) & 0xff);
  putByte(2, (high >> 8) & 0xff);
  putByte(4, high & 0xff);
  putByte(6, low >> 16);
  putByte(9, (low >> 8) & 0xff);
  putByte(11, low & 0xff);
}

function byteAt(index: number): number {
  return pool[index] ?? 0;
}

function putByte(at: number, byte: number): void {
  codes[at] = digits[byte >> 4] ?? 0;
  codes[at + 1] = digits[byte & 15] ?? 0;
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
