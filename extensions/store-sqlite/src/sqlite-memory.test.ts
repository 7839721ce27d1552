import { createMemory } from "@tau/memory";
import { describeMemoryStore, describeSearchIndex } from "@tau/memory/testing";
import { describe, expect, test } from "vitest";

import { createSqliteStore } from "./create-sqlite-store.ts";
import { openFile, testFolder } from "./test-store.test.support.ts";

const { signal } = new AbortController();

describeMemoryStore("createSqliteStore().memoryOf()", async (maxFiles = 100) => {
  const folder = await testFolder();
  const first = await createSqliteStore({ directory: folder.path });
  const second = await createSqliteStore({ directory: folder.path });
  return {
    store: first.memoryOf("acme", { maxFiles }).store,
    another: () => Promise.resolve(second.memoryOf("acme", { maxFiles }).store),
    async [Symbol.asyncDispose]() {
      await first[Symbol.asyncDispose]();
      await second[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
});

describeSearchIndex("createSqliteStore().memoryOf()", async () => {
  const folder = await testFolder();
  const store = await createSqliteStore({ directory: folder.path });
  return {
    index: store.memoryOf("acme").index,
    async [Symbol.asyncDispose]() {
      await store[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
});

describe("createSqliteStore().memoryOf()", () => {
  test("keeps memories of tenants apart, and over restarts", async () => {
    await using folder = await testFolder();
    {
      await using store = await createSqliteStore({ directory: folder.path });
      await store.memoryOf("acme").store.save("memory/a.md", "of acme", {}, signal);
      expect(await store.memoryOf("other").store.list("", signal)).toEqual([]);
      expect(() => store.memoryOf("../acme")).toThrow(
        expect.objectContaining({ code: "context.invalid_tenant" }),
      );
    }

    await using again = await createSqliteStore({ directory: folder.path });

    expect((await again.memoryOf("acme").store.load("memory/a.md", signal)).text).toBe("of acme");
  });

  test("makes its index again from the files when it is lost", async () => {
    await using folder = await testFolder();
    await using store = await createSqliteStore({ directory: folder.path });
    const { store: files, index } = store.memoryOf("acme");
    const memory = createMemory({ store: files, index });
    await memory.store.save("memory/files/a.md", "The needle.", {}, signal);
    const find = async (): Promise<readonly string[]> =>
      (await memory.search.search("needle", 5, signal)).map(({ snippet }) => snippet);
    expect(await find()).toEqual(["The «needle»."]);

    using file = openFile(folder.path, "acme");
    file.exec("DELETE FROM memory_words; DELETE FROM memory_texts");

    expect(await find()).toEqual(["The «needle»."]);
  });
});
