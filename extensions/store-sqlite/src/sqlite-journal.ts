import { assertTenant, isJsonObject, isTauError, parseJson } from "@tau/core";
import { assertStreamId, journalClosed, journalConflict } from "@tau/runtime";
import type { Checkpoint, Journal, JournalEvent, StoredEvent, StreamId } from "@tau/runtime";

import type { DatabaseClient } from "./database-client.ts";
import { Followers } from "./followers.ts";

// Large enough to be quick, small enough that a page delays no commit for long.
const pageSize = 500;

/** Makes the {@link Journal} over the database thread. */
export function createSqliteJournal(client: DatabaseClient): Journal {
  const followers = new Followers(client);
  const closing = new AbortController();

  const check = (id: StreamId): void => {
    assertStreamId(id);
    closing.signal.throwIfAborted();
  };

  async function* read(
    id: StreamId,
    from: number,
    signal: AbortSignal,
  ): AsyncGenerator<readonly StoredEvent[]> {
    check(id);
    for (let next = Math.max(1, from); ;) {
      signal.throwIfAborted();
      const flat = await client.ask({ op: "read", ...id, from: next, limit: pageSize });
      signal.throwIfAborted();
      const batch = toEvents(flat);
      if (batch.length === 0) return;
      next += batch.length;
      yield batch;
      if (batch.length < pageSize) return;
    }
  }

  return {
    read,

    async append(id, expectedVersion, events) {
      check(id);
      const flat = events.flatMap(({ type, version, at, body }) => [type, version, at, body]);
      try {
        const version = await client.ask({ op: "append", ...id, expected: expectedVersion, events: flat });
        followers.tell(id, () => placed(events, expectedVersion));
        return version;
      } catch (error) {
        const found =
          isTauError(error) && error.code === "journal.conflict" ? error.details["actualVersion"] : undefined;
        throw typeof found === "number" ? journalConflict(id, expectedVersion, found) : error;
      }
    },

    async version(id) {
      check(id);
      return await client.ask({ op: "version", ...id });
    },

    async *follow(id, from, signal) {
      check(id);
      const either = AbortSignal.any([signal, closing.signal]);
      using follower = followers.add(id);
      const aborted = new Promise<void>((resolve) => {
        either.addEventListener("abort", () => resolve(), { once: true });
      });
      for (let next = Math.max(1, from), held = undefined as readonly StoredEvent[] | undefined; ;) {
        for await (const batch of held === undefined ? read(id, next, either) : [held]) {
          next += batch.length;
          yield batch;
        }
        either.throwIfAborted();
        await Promise.race([follower.news(), aborted]);
        either.throwIfAborted();
        held = continuing(follower.take(), next);
      }
    },

    async tenants() {
      closing.signal.throwIfAborted();
      return await client.ask({ op: "tenants" });
    },

    async list(tenant, options) {
      assertTenant(tenant);
      closing.signal.throwIfAborted();
      return await client.ask({ op: "list", tenant, options });
    },

    async saveCheckpoint(id, { seq, version, state }) {
      check(id);
      await client.ask({ op: "save_checkpoint", ...id, seq, version, state: JSON.stringify(state) });
    },

    async loadCheckpoint(id) {
      check(id);
      const row = await client.ask({ op: "load_checkpoint", ...id });
      return row === null ? undefined : toCheckpoint(row);
    },

    async [Symbol.asyncDispose]() {
      if (closing.signal.aborted) return;
      closing.abort(journalClosed());
      followers.wakeAll();
      await client.close();
    },
  };
}

/** Events that this process wrote, if they are the very next ones; otherwise the journal is to be read. */
function continuing(
  events: readonly StoredEvent[] | undefined,
  next: number,
): readonly StoredEvent[] | undefined {
  const left = events?.filter(({ seq }) => seq >= next);
  return left !== undefined && left.length > 0 && left[0]?.seq === next ? left : undefined;
}

function placed(events: readonly JournalEvent[], version: number): readonly StoredEvent[] {
  return events.map((event, index) => ({ ...event, seq: version + index + 1 }));
}

function toEvents(flat: readonly (string | number)[]): readonly StoredEvent[] {
  const events: StoredEvent[] = [];
  for (let index = 0; index < flat.length; index += 5) {
    const [seq, type, version, at, body] = flat.slice(index, index + 5);
    events.push({
      seq: Number(seq),
      type: String(type),
      version: Number(version),
      at: Number(at),
      body: String(body),
    });
  }
  return events;
}

function toCheckpoint({
  seq,
  version,
  state,
}: {
  readonly seq: number;
  readonly version: number;
  readonly state: string;
}): Checkpoint | undefined {
  const parsed = parseJson(state);
  // A checkpoint saves reading and is never truth: without a usable one, the events are read.
  return parsed.ok && isJsonObject(parsed.value) ? { seq, version, state: parsed.value } : undefined;
}
