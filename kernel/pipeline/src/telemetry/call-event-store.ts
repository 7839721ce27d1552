import type { BodyRef, CallEvent, StoredCallEvent } from "./call-event.ts";

/** A body that goes with an event. */
export interface CallBody {
  readonly ref: BodyRef;
  readonly data: Uint8Array<ArrayBuffer>;
}

/** An event and its bodies. */
export interface CallEntry {
  readonly event: CallEvent;
  readonly bodies: readonly CallBody[];
}

/** Which events of a tenant. */
export interface CallEventQuery {
  /** Milliseconds since the epoch, inclusive. */
  readonly from?: number;
  /** Exclusive. */
  readonly to?: number;
  readonly sessionId?: string;
  /** At most so many, the newest. Default 1,000. */
  readonly limit?: number;
}

/** What is older goes; milliseconds since the epoch. */
export interface PurgeTimes {
  readonly eventsBefore?: number;
  readonly bodiesBefore?: number;
}

/** How much went. */
export interface Purged {
  readonly events: number;
  readonly bodies: number;
}

/**
 * Keeps what happened in calls, append-only, each tenant's apart.
 *
 * Contract, checked by `describeCallEventStore()` from `@tau/pipeline/testing`:
 * - `append` keeps each event once, however often it is given, with its bodies: all of them, or it throws.
 * - `read` gives a tenant's own events, oldest first. Events of a later version come back as they are.
 * - `body` gives bytes of the tenant's own; equal bytes of two tenants are two bodies.
 * - What was purged is gone; a body goes by the time of the last event that came with it.
 */
export interface CallEventStore {
  append(entries: readonly CallEntry[]): Promise<void>;
  read(tenant: string, query?: CallEventQuery): Promise<readonly StoredCallEvent[]>;
  body(ref: BodyRef): Promise<Uint8Array | undefined>;
  purgeBefore(tenant: string, times: PurgeTimes): Promise<Purged>;
  purgeTenant(tenant: string): Promise<void>;
}

const dayMs = 86_400_000;

/** How long things are kept. */
export interface CallRetention {
  /** Default 90 days. */
  readonly eventsMs?: number;
  /** Default 7 days. */
  readonly bodiesMs?: number;
}

/** Removes what a tenant has kept for long enough. */
export async function purgeExpired(
  store: CallEventStore,
  tenant: string,
  options: CallRetention & { readonly now: number },
): Promise<Purged> {
  const { now, eventsMs = 90 * dayMs, bodiesMs = 7 * dayMs } = options;
  return await store.purgeBefore(tenant, { eventsBefore: now - eventsMs, bodiesBefore: now - bodiesMs });
}
