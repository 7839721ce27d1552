import { ownerState } from "@tau/memory/process-owner";
import type { WriteOperation } from "./protocol.ts";
import type { TenantDatabase } from "./tenant-database.ts";

type Of<Op extends WriteOperation["op"]> = Extract<WriteOperation, { readonly op: Op }>;

/** The clock on the wall, and the one that nobody sets and that all processes of a boot share; in milliseconds. */
interface Moment {
  readonly wall: number;
  readonly up: number;
}

/** Claims a key unless somebody holds it. */
export function acquire(tenant: TenantDatabase, { key, owner, ttlMs }: Of<"acquire">): boolean {
  const now = moment();
  const row: unknown = tenant
    .sql("SELECT owner, ttl_ms, renewed_at, renewed_up FROM leases WHERE key = ?")
    .get(key);
  if (Array.isArray(row)) {
    const age: Moment = { wall: now.wall - Number(row[2]), up: now.up - Number(row[3]) };
    if (isHeld(String(row[0]), age, Number(row[1]))) return false;
  }
  tenant.sql("INSERT OR REPLACE INTO leases VALUES (?, ?, ?, ?, ?)").run(key, owner, ttlMs, now.wall, now.up);
  return true;
}

/** Renews claims and answers the keys that are still the owner's. */
export function renew(tenant: TenantDatabase, { keys, owner }: Of<"renew">): readonly string[] {
  const now = moment();
  const update = tenant.sql("UPDATE leases SET renewed_at = ?, renewed_up = ? WHERE key = ? AND owner = ?");
  return keys.filter((key) => update.run(now.wall, now.up, key, owner).changes === 1);
}

/**
 * Whether a claim of this age counts. Where the owner's process can be seen, the clock that nobody sets decides
 * how long it may stay silent, so that neither a sleeping laptop nor a corrected clock takes a claim from a living
 * process. Elsewhere a claim from the future was made before somebody set the clock back, and is no claim.
 */
function isHeld(owner: string, age: Moment, ttlMs: number): boolean {
  const state = ownerState(owner);
  return state !== "gone" && Math.abs(state === "alive" ? age.up : age.wall) < ttlMs;
}

function moment(): Moment {
  return { wall: Date.now(), up: Math.floor(Number(process.hrtime.bigint()) / 1e6) };
}
