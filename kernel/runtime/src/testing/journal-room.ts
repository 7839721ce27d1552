import type { Journal, StreamId } from "../journal.ts";

/**
 * A journal inside another one: its streams' names begin with the room's. Opening a real store for each of many
 * generated cases would cost more than the cases, and cases that share a store are the harder test.
 */
export function openRoom(journal: Journal, name: string): Journal {
  const inside = (id: StreamId): StreamId => ({ ...id, stream: `${name}/${id.stream}` });
  return {
    append: async (id, expectedVersion, events) => await journal.append(inside(id), expectedVersion, events),
    appendAll: async (appends) =>
      await journal.appendAll(appends.map((append) => ({ ...append, id: inside(append.id) }))),
    version: async (id) => await journal.version(inside(id)),
    read: (id, from, signal) => journal.read(inside(id), from, signal),
    follow: (id, from, signal) => journal.follow(inside(id), from, signal),
    tenants: async () => await journal.tenants(),
    async list(tenant, { prefix, limit, before }) {
      const options = { prefix: `${name}/${prefix}`, limit };
      const page = await journal.list(
        tenant,
        before === undefined ? options : { ...options, before: `${name}/${before}` },
      );
      return page.map((summary) => ({ ...summary, stream: summary.stream.slice(name.length + 1) }));
    },
    async recent(tenant, options) {
      const page = await journal.recent(tenant, { ...options, prefix: `${name}/${options.prefix}` });
      const streams = page.streams.map((one) => ({ ...one, stream: one.stream.slice(name.length + 1) }));
      return { ...page, streams };
    },
    saveCheckpoint: async (id, checkpoint) => {
      await journal.saveCheckpoint(inside(id), checkpoint);
    },
    loadCheckpoint: async (id) => await journal.loadCheckpoint(inside(id)),
    [Symbol.asyncDispose]: async () => {
      await journal[Symbol.asyncDispose]();
    },
  };
}
