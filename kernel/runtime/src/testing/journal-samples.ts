import { isTauError } from "@tau/core";

import type { Journal, JournalEvent, StoredEvent, StreamId } from "../journal.ts";

/** Names of tenants that every store refuses with `context.invalid_tenant`. */
export const naughtyTenants: readonly string[] = [
  "",
  "..",
  "../other",
  "a/b",
  "A",
  "-a",
  "a.b",
  "a b",
  "a\0",
  "a\n",
  "tenänt",
  "a".repeat(65),
];

/** Names of streams that every journal refuses with `journal.invalid_stream`. */
export const naughtyStreams: readonly string[] = [
  "",
  " ",
  "a b",
  "a\0b",
  "a\n",
  "a'; DROP TABLE events; --",
  "sëssion",
  "a\\b",
  "a%",
  "a".repeat(201),
];

/** Names of streams that look dangerous and are not. */
export const oddStreams: readonly string[] = [
  "../../etc/passwd",
  "__proto__",
  "constructor",
  "/",
  "session/a:b_c-d.e",
  "z".repeat(200),
];

/** Makes `count` events that tell each other apart by `label`. */
export function sampleEvents(label: string, count: number): readonly JournalEvent[] {
  return Array.from({ length: count }, (_, index) => ({
    type: `type_${index % 3}`,
    version: 1 + (index % 2),
    at: 1_700_000_000_000 + index,
    body: JSON.stringify({ label, index }),
  }));
}

/** Puts events in the place where an append after `version` events writes them. */
export function placed(events: readonly JournalEvent[], version: number): readonly StoredEvent[] {
  return events.map((event, index) => ({ ...event, seq: version + index + 1 }));
}

/** Reads a stream to its end; every batch must hold something. */
export async function readAll(journal: Journal, id: StreamId, from = 1): Promise<readonly StoredEvent[]> {
  const found: StoredEvent[] = [];
  for await (const batch of journal.read(id, from, new AbortController().signal)) {
    if (batch.length === 0) throw new Error("the journal yielded an empty batch");
    found.push(...batch);
  }
  return found;
}

/** The code of the `TauError` that `work` rejects with. */
export async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    if (isTauError(error)) return error.code;
    throw error;
  }
  return "nothing was thrown";
}

/** Iterates to the end and answers every batch. */
export async function allBatches<T>(source: AsyncIterable<T>): Promise<readonly T[]> {
  const batches: T[] = [];
  for await (const batch of source) batches.push(batch);
  return batches;
}

/** Starts iterating and asks for the first batch only. */
export async function firstBatch<T>(source: AsyncIterable<T>): Promise<T | undefined> {
  for await (const batch of source) return batch;
  return undefined;
}
