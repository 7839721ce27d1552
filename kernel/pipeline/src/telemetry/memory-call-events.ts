import type { CallEvent } from "./call-event.ts";
import type { CallEventStore } from "./call-event-store.ts";

interface TenantEvents {
  readonly events: Map<string, CallEvent>;
  readonly bodies: Map<string, { readonly data: Uint8Array; at: number }>;
}

/** Makes a {@link CallEventStore} that forgets everything when the process ends, and keeps all until then. */
export function createMemoryCallEvents(): CallEventStore {
  const tenants = new Map<string, TenantEvents>();

  function of(tenant: string): TenantEvents {
    const known = tenants.get(tenant) ?? { events: new Map(), bodies: new Map() };
    tenants.set(tenant, known);
    return known;
  }

  return {
    async append(entries) {
      for (const { event, bodies } of entries) {
        const kept = of(event.tenant);
        if (!kept.events.has(event.id)) kept.events.set(event.id, event);
        for (const { ref, data } of bodies) {
          const body = kept.bodies.get(ref.sha256);
          if (body === undefined) kept.bodies.set(ref.sha256, { data: Uint8Array.from(data), at: event.at });
          else body.at = Math.max(body.at, event.at);
        }
      }
    },

    async read(tenant, { from = -Infinity, to = Infinity, sessionId, limit = 1000 } = {}) {
      const events = [...(tenants.get(tenant)?.events.values() ?? [])].filter(
        (event) =>
          event.at >= from && event.at < to && (sessionId === undefined || event.sessionId === sessionId),
      );
      return events.sort((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1)).slice(-limit);
    },

    body: async ({ tenant, sha256 }) => tenants.get(tenant)?.bodies.get(sha256)?.data,

    async purgeBefore(tenant, { eventsBefore = -Infinity, bodiesBefore = -Infinity }) {
      const { events, bodies } = of(tenant);
      const oldEvents = [...events.values()].filter(({ at }) => at < eventsBefore);
      const oldBodies = [...bodies].filter(([, { at }]) => at < bodiesBefore);
      for (const { id } of oldEvents) events.delete(id);
      for (const [sha256] of oldBodies) bodies.delete(sha256);
      return { events: oldEvents.length, bodies: oldBodies.length };
    },

    async purgeTenant(tenant) {
      tenants.delete(tenant);
    },
  };
}
