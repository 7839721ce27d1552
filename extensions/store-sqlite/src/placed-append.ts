import type { StreamAppend } from "@tau/runtime";

import type { Plain } from "./protocol.ts";

/** An append of one or more streams of a tenant as it lies in its batch. */
export interface PlacedAppend {
  readonly values: readonly Plain[];
  /** Where it begins in `values`. */
  readonly start: number;
}

/** One stream's part of an append: what is before its events, and where these and its checkpoint are. */
export interface PlacedPart {
  readonly stream: string;
  readonly expected: number;
  /** Type, version, at and body of each event lie from here to {@link PlacedPart.end}. */
  readonly events: number;
  readonly end: number;
  /** Where sequence number, version and state of the checkpoint lie; undefined when there is none. */
  readonly checkpoint: number | undefined;
}

// Tenant, number of values, number of parts; stream, expected version, number of events, number of checkpoints.
const headWidth = 3;
const partWidth = 4;
/** Values of an event. */
export const eventWidth = 4;
const checkpointWidth = 3;

/** Lays an append into a batch: flat, because that is what copying between threads is cheapest for. */
export function placeAppend(values: Plain[], appends: readonly StreamAppend[]): void {
  const start = values.length;
  values.push(appends[0]?.id.tenant ?? "", 0, appends.length);
  for (const { id, expectedVersion, events, checkpoint } of appends) {
    values.push(id.stream, expectedVersion, events.length, checkpoint === undefined ? 0 : 1);
    for (const { type, version, at, body } of events) values.push(type, version, at, body);
    if (checkpoint === undefined) continue;
    values.push(checkpoint.seq, checkpoint.version, JSON.stringify(checkpoint.state));
  }
  values[start + 1] = values.length - start;
}

/** The tenant of the append that begins at `start`, and where the next one does. */
export function tenantOf({ values, start }: PlacedAppend): {
  readonly tenant: string;
  readonly next: number;
} {
  return { tenant: String(values[start]), next: start + Number(values[start + 1]) };
}

/** The parts of an append. */
export function partsOf({ values, start }: PlacedAppend): readonly PlacedPart[] {
  const parts: PlacedPart[] = [];
  let at = start + headWidth;
  for (let left = Number(values[start + 2]); left > 0; left--) {
    const events = at + partWidth;
    const end = events + Number(values[at + 2]) * eventWidth;
    const checkpoint = values[at + 3] === 1 ? end : undefined;
    parts.push({ stream: String(values[at]), expected: Number(values[at + 1]), events, end, checkpoint });
    at = checkpoint === undefined ? end : end + checkpointWidth;
  }
  return parts;
}
