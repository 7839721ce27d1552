import { assertTenant, isJsonObject, parseJson } from "@tau/core";
import type { CallEvent, CallEventStore, StoredCallEvent } from "@tau/pipeline";

import type { StoredCall } from "./call-event-protocol.ts";
import type { DatabaseClient } from "./database-client.ts";

/** Rows that one operation reads or removes: quick enough to delay no commit for long. */
const pageRows = 500;
/** After every time. */
const never = Number.MAX_SAFE_INTEGER;
/** After every id. */
const lastId = "\u{10ffff}";

/** Makes the {@link CallEventStore} over the database thread: what happened lies in the tenant's file and goes with it. */
export function createSqliteCallEvents(client: DatabaseClient): CallEventStore {
  async function purge(
    tenant: string,
    eventsBefore: number,
    bodiesBefore: number,
  ): Promise<{ events: number; bodies: number }> {
    assertTenant(tenant);
    const times = { tenant, eventsBefore, bodiesBefore };
    const purged = { events: 0, bodies: 0 };
    // Writing makes a file; one that is not there has nothing to purge.
    if (!(await client.ask({ op: "call_has_older", ...times }))) return purged;
    for (;;) {
      const { events, bodies } = await client.ask({ op: "call_purge", ...times, limit: pageRows });
      purged.events += events;
      purged.bodies += bodies;
      if (events < pageRows && bodies < pageRows) break;
    }
    await client.ask({ op: "call_wipe", tenant });
    return purged;
  }

  return {
    async append(entries) {
      const byTenant = Map.groupBy(entries, ({ event }) => event.tenant);
      for (const tenant of byTenant.keys()) assertTenant(tenant);
      await Promise.all(
        [...byTenant].map(async ([tenant, own]) => {
          const events = own.map(({ event }) => toStored(event));
          const bodies = own.flatMap(({ event, bodies: more }) =>
            more.map(({ ref, data }) => ({ sha256: ref.sha256, at: event.at, data })),
          );
          await client.ask({ op: "call_append", tenant, events, bodies });
        }),
      );
    },

    async read(tenant, { from = 0, to = never, sessionId, limit = 1000 } = {}) {
      assertTenant(tenant);
      const found: StoredCallEvent[] = [];
      let before: readonly [number, string] = [to, ""];
      if (to === never) before = [never, lastId];
      while (found.length < limit) {
        const rows = Math.min(pageRows, limit - found.length);
        const session = sessionId ?? null;
        const page = await client.ask({ op: "call_read", tenant, from, before, session, limit: rows });
        found.push(...page.map((stored) => toEvent(tenant, stored)));
        const last = page.at(-1);
        if (last === undefined || page.length < rows) break;
        before = [last.at, last.id];
      }
      return found.toReversed();
    },

    async body({ tenant, sha256 }) {
      assertTenant(tenant);
      return (await client.ask({ op: "call_body", tenant, sha256 })) ?? undefined;
    },

    async purgeBefore(tenant, { eventsBefore = 0, bodiesBefore = 0 }) {
      return await purge(tenant, eventsBefore, bodiesBefore);
    },

    async purgeTenant(tenant) {
      await purge(tenant, never, never);
    },
  };
}

function toStored(event: CallEvent): StoredCall {
  const { id, at, sessionId, type, version } = event;
  return { id, at, session: sessionId ?? null, type, version, event: JSON.stringify(event) };
}

/** What a later version wrote is kept and shown. */
function toEvent(tenant: string, { id, at, session, type, version, event }: StoredCall): StoredCallEvent {
  const parsed = parseJson(event);
  const value: unknown = parsed.ok ? parsed.value : {};
  if (isWhole(value) && type === "llm.call" && version === 1) return value;
  const sessionId = session === null ? {} : { sessionId: session };
  return { type, version, id, at, tenant, ...sessionId, body: isJsonObject(value) ? value : {} };
}

/** SQLite checks what it reads; a text of this program that is JSON is what the program wrote. */
function isWhole(value: unknown): value is CallEvent {
  return isJsonObject(value) && value["type"] === "llm.call" && isJsonObject(value["telemetry"]);
}
