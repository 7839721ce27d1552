import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

import { createMemoryCallEvents, createTelemetry, isCallEvent, withLayers } from "@tau/pipeline";
import { createCallContext, noUsage, userText } from "@tau/core";
import type { Model } from "@tau/agent";
import { describeCallEventStore } from "@tau/pipeline/testing";
import { describe, expect, test } from "vitest";

import { writeCallEvents } from "./call-event-operations.ts";
import { createSqliteStore } from "./create-sqlite-store.ts";
import { openTenantDatabase } from "./tenant-database.ts";
import { openFile, testFolder } from "./test-store.test.support.ts";

describeCallEventStore("createSqliteStore().calls", async () => {
  const folder = await testFolder();
  const store = await createSqliteStore({ directory: folder.path });
  return {
    store: store.calls,
    async [Symbol.asyncDispose]() {
      await store[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
});

const model: Model = {
  provider: "test",
  id: "test-1",
  async *stream() {
    yield [
      {
        type: "finished",
        message: { role: "assistant", parts: [{ type: "text", text: "Hello." }] },
        usage: { ...noUsage, inputTokens: 1 },
        stopReason: "stop",
        model: "test-1",
      },
    ];
  },
};

const context = createCallContext({
  tenant: "acme",
  principal: { id: "ada", kind: "person", scopes: [] },
});

describe("createSqliteStore().calls", () => {
  test("keeps what telemetry tells, the same as in memory, for the next process", async () => {
    await using folder = await testFolder();
    const memory = createMemoryCallEvents();
    {
      await using store = await createSqliteStore({ directory: folder.path });
      await using inMemory = createTelemetry({ events: memory });
      const both = {
        ...store.calls,
        async append(entries: Parameters<typeof memory.append>[0]) {
          await memory.append(entries);
          await store.calls.append(entries);
        },
      };
      await using told = createTelemetry({ events: both, persistence: "extended" });
      for (let call = 0; call < 20; call++) {
        await withLayers(model, told.layer).complete({ messages: [userText(`${call}`)], tools: [] }, context);
      }
      expect(inMemory.pending()).toBe(0);
    }

    await using again = await createSqliteStore({ directory: folder.path });
    const kept = await again.calls.read("acme");
    expect(kept).toHaveLength(20);
    expect(kept).toEqual(await memory.read("acme"));
    const [first] = kept.filter(isCallEvent);
    const body = first?.requestRef && (await again.calls.body(first.requestRef));
    expect(Buffer.from(body ?? []).toString()).toContain('"text":"0"');
  });

  test("leaves nothing of what was purged in the tenant's files, and all of another's", async () => {
    await using folder = await testFolder();
    await using store = await createSqliteStore({ directory: folder.path });
    const onDisk = async (tenant: string): Promise<string> => {
      const names = await readdir(join(folder.path, tenant));
      const texts = names.map(async (name) => await readFile(join(folder.path, tenant, name), "latin1"));
      return (await Promise.all(texts)).join("");
    };
    const tell = async (tenant: string): Promise<void> => {
      const told = createTelemetry({
        events: store.calls,
        persistence: "extended",
        tagsOf: () => ["merger"],
      });
      const own = createCallContext({ tenant, principal: { id: "ada", kind: "person", scopes: [] } });
      for (let call = 0; call < 30; call++) {
        const prompt = userText(`${"We buy Globex. ".repeat(1 + ((call * 37) % 900))}${call}`);
        await withLayers(model, told.layer).complete({ messages: [prompt], tools: [] }, own);
        // One transaction for each, so that the tree grows as it does in life.
        await told.flush();
      }
      expect(/Globex[^]*merger|merger[^]*Globex/u.test(await onDisk(tenant))).toBe(true);
    };
    await tell("other");
    for (let round = 0; round < 3; round++) {
      await tell("acme");

      await store.calls.purgeTenant("acme");

      expect(/Globex|merger/u.test(await onDisk("acme"))).toBe(false);
    }
    expect(/Globex/u.test(await onDisk("other"))).toBe(true);
    expect(await store.calls.read("other")).toHaveLength(30);
  });

  test("writes what is deleted over only while it purges, also where that fails", async () => {
    await using folder = await testFolder();
    const database = openTenantDatabase({ directory: folder.path, tenant: "acme", lockTimeoutMs: 0 }, true);
    if (database === undefined) throw new TypeError("There is no file.");
    const secureDelete = (): unknown => database.db.prepare("PRAGMA secure_delete").get()?.["secure_delete"];
    const before = secureDelete();
    database.db.exec("DROP TABLE call_bodies");
    const purge = { op: "call_purge", tenant: "acme", eventsBefore: 1, bodiesBefore: 1, limit: 1 } as const;

    expect(() => writeCallEvents(database, purge)).toThrow(/call_bodies/u);
    expect(secureDelete()).toBe(before);
    database.close();
  });

  test("reads more than a page, and purges more than a page", async () => {
    await using folder = await testFolder();
    await using store = await createSqliteStore({ directory: folder.path });
    await using told = createTelemetry({ events: store.calls });
    const pipeline = withLayers(model, told.layer);
    for (let call = 0; call < 1_100; call++) {
      await pipeline.complete({ messages: [userText("Hi")], tools: [] }, context);
    }
    await told.flush();

    const all = await store.calls.read("acme", { limit: 2_000 });
    expect(new Set(all.map(({ id }) => id)).size).toBe(1_100);
    expect((await store.calls.read("acme", { limit: 700 })).map(({ id }) => id)).toEqual(
      all.slice(-700).map(({ id }) => id),
    );
    expect(await store.calls.purgeBefore("acme", { eventsBefore: Date.now() + 1 })).toEqual({
      events: 1_100,
      bodies: 0,
    });
  });

  test("gives back what a later version wrote, as it is", async () => {
    await using folder = await testFolder();
    await using store = await createSqliteStore({ directory: folder.path });
    await store.calls.append([]);
    await using told = createTelemetry({ events: store.calls });
    await withLayers(model, told.layer).complete({ messages: [userText("Hi")], tools: [] }, context);
    await told.flush();
    using file = openFile(folder.path, "acme");
    file.exec(`INSERT INTO call_events VALUES ('zz', 5, 's', 'llm.judged', 3, '{"score":1}')`);

    expect((await store.calls.read("acme"))[0]).toEqual({
      type: "llm.judged",
      version: 3,
      id: "zz",
      at: 5,
      tenant: "acme",
      sessionId: "s",
      body: { score: 1 },
    });
  });

  test("says that a body is damaged", async () => {
    await using folder = await testFolder();
    await using store = await createSqliteStore({ directory: folder.path });
    await using told = createTelemetry({ events: store.calls, persistence: "extended" });
    await withLayers(model, told.layer).complete({ messages: [userText("Hi")], tools: [] }, context);
    await told.flush();
    const [event] = (await store.calls.read("acme")).filter(isCallEvent);
    const ref = event?.requestRef ?? { tenant: "acme", sha256: "", bytes: 0 };
    using file = openFile(folder.path, "acme");
    file.exec("UPDATE call_bodies SET data = x'00'");

    await expect(store.calls.body(ref)).rejects.toMatchObject({ code: "content.corrupt" });
  });

  test("makes no file for a tenant that is only asked about", async () => {
    await using folder = await testFolder();
    await using store = await createSqliteStore({ directory: folder.path });
    await store.calls.purgeTenant("nobody");
    await store.calls.read("nobody");

    expect(await readdir(folder.path)).toEqual([]);
  });

  test("refuses a tenant whose name is none", async () => {
    await using folder = await testFolder();
    await using store = await createSqliteStore({ directory: folder.path });

    await expect(store.calls.read("../etc")).rejects.toMatchObject({ code: "context.invalid_tenant" });
  });
});
