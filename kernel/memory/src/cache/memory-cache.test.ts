import { describe, expect, test } from "vitest";

import { signal } from "../memory.test.support.ts";
import type { MemoryStore } from "../store/memory-store.ts";
import { createTransientStore } from "../store/transient-store.ts";
import { createMemoryCache } from "./memory-cache.ts";

async function withFiles(files: Readonly<Record<string, string>>): Promise<MemoryStore> {
  const store = createTransientStore();
  for (const [path, text] of Object.entries(files)) await store.save(path, text, {}, signal);
  return store;
}

describe("createMemoryCache()", () => {
  test("loads prefixes at once and other keys when they are asked for (C1)", async () => {
    const cache = createMemoryCache(await withFiles({ "memory/b": "B", "memory/a": "A", "agents/x": "X" }));

    await cache.bootstrap(["memory/"], signal);

    expect(cache.entries()).toEqual([
      ["memory/a", "A"],
      ["memory/b", "B"],
    ]);
    expect([cache.has("agents/x"), cache.get("agents/x")]).toEqual([false, undefined]);
    expect(await cache.resolve("agents/x", signal)).toBe("X");
    expect(cache.keys()).toEqual(["agents/x", "memory/a", "memory/b"]);
    await expect(cache.resolve("agents/none", signal)).rejects.toMatchObject({ code: "memory.not_found" });
    await expect(cache.resolve("../x", signal)).rejects.toMatchObject({ code: "memory.invalid_path" });
  });

  test("writes what changed, and only that", async () => {
    const store = await withFiles({ "memory/a": "A", "memory/b": "B", "memory/c": "C" });
    const cache = createMemoryCache(store);
    await cache.bootstrap(["memory/"], signal);
    cache.set("memory/a", "A");
    cache.set("memory/b", "B2");
    cache.set("memory/new", "N");
    cache.set("memory/gone", "never written");
    cache.delete("memory/gone");
    cache.delete("memory/c");

    expect(cache.changes()).toEqual({
      dirty: ["memory/b", "memory/new"],
      removed: ["memory/c", "memory/gone"],
    });
    expect(await cache.flush(signal)).toEqual({
      saved: ["memory/b", "memory/new"],
      removed: ["memory/c", "memory/gone"],
    });

    expect(cache.changes()).toEqual({ dirty: [], removed: [] });
    expect((await store.list("", signal)).map(({ path }) => path)).toEqual([
      "memory/a",
      "memory/b",
      "memory/new",
    ]);
    expect(await cache.flush(signal)).toEqual({ saved: [], removed: [] });
    cache.set("memory/b", "B3");
    await cache.flush(signal);
    expect((await store.load("memory/b", signal)).text).toBe("B3");
  });

  test("writes over nothing that somebody else changed, and everything else (C2)", async () => {
    const store = await withFiles({ "memory/a": "A", "memory/b": "B", "memory/c": "C" });
    const cache = createMemoryCache(store);
    await cache.bootstrap(["memory/"], signal);
    cache.set("memory/a", "mine");
    cache.set("memory/b", "mine");
    cache.delete("memory/c");
    await store.save("memory/a", "theirs", {}, signal);
    await store.save("memory/c", "theirs", {}, signal);

    await expect(cache.flush(signal)).rejects.toMatchObject({
      code: "memory.not_flushed",
      details: { keys: ["memory/c", "memory/a"] },
    });

    expect(cache.changes()).toEqual({ dirty: ["memory/a"], removed: ["memory/c"] });
    const texts = await Promise.all(
      ["a", "b", "c"].map(async (name) => (await store.load(`memory/${name}`, signal)).text),
    );
    expect(texts).toEqual(["theirs", "mine", "theirs"]);
  });

  test("does not have what was removed, and may have it anew", async () => {
    const store = await withFiles({ "memory/a": "A" });
    const cache = createMemoryCache(store);
    cache.delete("memory/a");

    await expect(cache.resolve("memory/a", signal)).rejects.toMatchObject({ code: "memory.not_found" });
    await cache.bootstrap(["memory/"], signal);
    expect(cache.has("memory/a")).toBe(false);
    cache.set("memory/a", "again");
    await cache.flush(signal);

    expect((await store.load("memory/a", signal)).text).toBe("again");
    expect(() => cache.set("memory/.x", "")).toThrow(
      expect.objectContaining({ code: "memory.invalid_path" }),
    );
    expect(() => cache.set("memory/x", "\0")).toThrow(expect.objectContaining({ code: "memory.not_text" }));
  });
});
