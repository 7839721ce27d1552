import { describe, expect, test } from "vitest";

import { etagOf, memoryLimits } from "../store/memory-store.ts";
import type { MemoryStore } from "../store/memory-store.ts";

/** Makes an empty store of at most `maxFiles` files a namespace; `another` is a second one on the same data. */
export type MemoryStoreFactory = (
  maxFiles?: number,
) => Promise<{ readonly store: MemoryStore; another?(): Promise<MemoryStore> } & AsyncDisposable>;

const signal = new AbortController().signal;

/** Checks the contract of the `MemoryStore` port. */
export function describeMemoryStore(name: string, create: MemoryStoreFactory): void {
  describe(`MemoryStore: ${name}`, () => {
    test("keeps what is saved, and lists it in one order", async () => {
      await using made = await create();
      const { store } = made;
      const texts = {
        "memory/b.md": "B\n",
        "memory/a/ä.md": "ä",
        "agents/x.md": "",
        "memory/b-1.md": "\uFEFF\r\n",
      };

      for (const [path, text] of Object.entries(texts))
        expect(await store.save(path, text, {}, signal)).toBe(etagOf(text));

      for (const [path, text] of Object.entries(texts))
        expect(await store.load(path, signal)).toEqual({ path, text, etag: etagOf(text) });
      const listed = await store.list("", signal);
      expect(listed.map(({ path, bytes }) => [path, bytes])).toEqual([
        ["agents/x.md", 0],
        ["memory/a/ä.md", 2],
        ["memory/b-1.md", 5],
        ["memory/b.md", 2],
      ]);
      expect((await store.list("memory/a/", signal)).map(({ path }) => path)).toEqual(["memory/a/ä.md"]);
      expect(await store.list("skills/", signal)).toEqual([]);
      expect(await store.list("memory/b.md/", signal)).toEqual([]);
    });

    test("gives another stamp after every change, and the same one without", async () => {
      await using made = await create();
      const { store } = made;
      const stamp = async (): Promise<string | undefined> => (await store.list("", signal))[0]?.stamp;
      await store.save("memory/a.md", "one", {}, signal);

      const first = await stamp();
      expect(await stamp()).toBe(first);
      await store.save("memory/a.md", "two", {}, signal);
      const second = await stamp();
      await store.save("memory/a.md", "two", {}, signal);

      expect(new Set([first, second, await stamp()]).size).toBe(3);
    });

    test("writes on a condition only where it holds", async () => {
      await using made = await create();
      const { store } = made;
      const path = "memory/a.md";

      await expect(store.save(path, "x", { ifMatch: etagOf("none") }, signal)).rejects.toMatchObject({
        code: "memory.changed",
      });
      const first = await store.save(path, "one", { ifMatch: null }, signal);
      await expect(store.save(path, "x", { ifMatch: null }, signal)).rejects.toMatchObject({
        code: "memory.exists",
      });
      await store.save(path, "two", { ifMatch: first }, signal);
      await expect(store.save(path, "x", { ifMatch: first }, signal)).rejects.toMatchObject({
        code: "memory.changed",
      });
      await expect(store.delete(path, { ifMatch: first }, signal)).rejects.toMatchObject({
        code: "memory.changed",
      });

      expect((await store.load(path, signal)).text).toBe("two");
      await store.delete(path, { ifMatch: etagOf("two") }, signal);
      expect(await store.list("", signal)).toEqual([]);
    });

    test("lets one of many writes with the same condition succeed, also through two stores", async () => {
      await using made = await create();
      const stores = [made.store, (await made.another?.()) ?? made.store];
      const path = "memory/count.md";
      await made.store.save(path, "0", {}, signal);

      const add = async (store: MemoryStore): Promise<void> => {
        for (;;) {
          const { text, etag } = await store.load(path, signal);
          const done = await store.save(path, String(Number(text) + 1), { ifMatch: etag }, signal).then(
            () => true,
            (error: unknown) => {
              expect(error).toMatchObject({ code: "memory.changed" });
              return false;
            },
          );
          if (done) return;
        }
      };
      await Promise.all(
        Array.from({ length: 12 }, async (_, index) => await add(stores[index % 2] ?? made.store)),
      );

      expect((await made.store.load(path, signal)).text).toBe("12");
    });

    test("shows a write to another store on the same data at once", async () => {
      await using made = await create();
      const other = (await made.another?.()) ?? made.store;

      await made.store.save("memory/a.md", "one", {}, signal);

      expect((await other.load("memory/a.md", signal)).text).toBe("one");
    });

    test("renames, and never over something", async () => {
      await using made = await create();
      const { store } = made;
      await store.save("memory/a.md", "A", {}, signal);
      await store.save("memory/b.md", "B", {}, signal);

      for (const taken of ["memory/b.md", "memory/a.md", "memory/A.md"])
        await expect(store.rename("memory/a.md", taken, signal)).rejects.toMatchObject({
          code: "memory.exists",
        });
      await store.rename("memory/a.md", "memory/deep/er/c.md", signal);
      await expect(store.rename("memory/a.md", "memory/d.md", signal)).rejects.toMatchObject({
        code: "memory.not_found",
      });

      expect((await store.list("", signal)).map(({ path }) => path)).toEqual([
        "memory/b.md",
        "memory/deep/er/c.md",
      ]);
      expect((await store.load("memory/deep/er/c.md", signal)).text).toBe("A");
    });

    test("forgets a folder with its last file", async () => {
      await using made = await create();
      const { store } = made;
      await store.save("memory/a/b/c.md", "", {}, signal);

      await store.delete("memory/a/b/c.md", {}, signal);

      await store.save("memory/a", "now a file", {}, signal);
      expect((await store.load("memory/a", signal)).text).toBe("now a file");
    });

    test.each([
      ["memory/a.md", "memory/a.md/b.md"],
      ["memory/a/b.md", "memory/a"],
      ["memory/Notes.md", "memory/notes.md"],
      ["memory/Notes/a.md", "memory/notes/b.md"],
      ["memory/straße.md", "memory/STRASSE.md"],
    ])("keeps no %s beside %s", async (first, second) => {
      await using made = await create();
      const { store } = made;
      await store.save(first, "first", {}, signal);

      await expect(store.save(second, "second", {}, signal)).rejects.toMatchObject({ code: "memory.exists" });

      expect((await store.list("", signal)).map(({ path }) => path)).toEqual([first]);
      await expect(store.load(second, signal)).rejects.toMatchObject({ code: "memory.not_found" });
    });

    test.each(outside)("refuses the path %j", async (path) => {
      await using made = await create();
      const { store } = made;
      await store.save("memory/a.md", "", {}, signal);

      for (const refused of [
        store.load(path, signal),
        store.save(path, "", {}, signal),
        store.delete(path, {}, signal),
        store.rename("memory/a.md", path, signal),
        store.rename(path, "memory/b.md", signal),
      ])
        await expect(refused).rejects.toMatchObject({ code: "memory.invalid_path" });
    });

    test.each(["memory", "/", "../", "memory//", "tmp/", "memory/../"])(
      "refuses the prefix %j",
      async (prefix) => {
        await using made = await create();

        await expect(made.store.list(prefix, signal)).rejects.toMatchObject({ code: "memory.invalid_path" });
      },
    );

    test("does not have what was never saved", async () => {
      await using made = await create();
      const { store } = made;
      await store.save("memory/a/b.md", "", {}, signal);

      for (const path of ["memory/none.md", "memory/a", "memory/a/b.md/c", "skills/none/x"]) {
        await expect(store.load(path, signal)).rejects.toMatchObject({ code: "memory.not_found" });
        await expect(store.delete(path, {}, signal)).rejects.toMatchObject({ code: "memory.not_found" });
      }
    });

    test("keeps well-formed text up to its limit, and nothing else", async () => {
      await using made = await create();
      const { store } = made;
      const path = "memory/a.md";

      for (const text of ["\uD800", "a\0b"])
        await expect(store.save(path, text, {}, signal)).rejects.toMatchObject({ code: "memory.not_text" });
      await expect(
        store.save(path, "ä".repeat(memoryLimits.fileBytes / 2 + 1), {}, signal),
      ).rejects.toMatchObject({ code: "memory.too_large" });
      await store.save(path, "ä".repeat(memoryLimits.fileBytes / 2), {}, signal);

      expect((await store.list("", signal)).map(({ bytes }) => bytes)).toEqual([memoryLimits.fileBytes]);
    });

    test("bounds each namespace by itself", async () => {
      await using made = await create(2);
      const { store } = made;
      for (const path of ["memory/a.md", "memory/b/c.md"]) await store.save(path, "", {}, signal);

      await expect(store.save("memory/d.md", "", {}, signal)).rejects.toMatchObject({
        code: "memory.too_large",
      });
      await store.save("skills/d.md", "", {}, signal);
      await store.save("memory/a.md", "changed", {}, signal);
      await store.rename("memory/a.md", "memory/d.md", signal);

      expect((await store.list("", signal)).map(({ path }) => path)).toEqual([
        "memory/b/c.md",
        "memory/d.md",
        "skills/d.md",
      ]);
    });

    test("does nothing once it is told to stop", async () => {
      await using made = await create();
      const { store } = made;
      await store.save("memory/a.md", "", {}, signal);
      const stopped = AbortSignal.abort(new Error("stopped"));

      for (const call of [
        store.list("", stopped),
        store.load("memory/a.md", stopped),
        store.save("memory/b.md", "", {}, stopped),
        store.delete("memory/a.md", {}, stopped),
        store.rename("memory/a.md", "memory/b.md", stopped),
      ])
        await expect(call).rejects.toThrow("stopped");
      expect((await store.list("", signal)).map(({ path }) => path)).toEqual(["memory/a.md"]);
    });
  });
}

const outside = [
  "",
  "a.md",
  "memory",
  "/memory/a.md",
  "memory/../a.md",
  "memory/./a.md",
  "memory//a.md",
  "memory/a.md/",
  "tmp/a.md",
  "Memory/a.md",
  "memory/.hidden",
  "memory/.lock/free",
  String.raw`memory\a.md`,
  "memory/a:b",
  "memory/nul",
  "memory/COM1.txt",
  "memory/a.",
  "memory/a ",
  "memory/ a",
  "memory/a\u200Bb",
  "memory/a\u202Eb",
  "memory/a\nb",
  "memory/a\0b",
  "memory/e\u0301.md",
  "memory/\uD800.md",
  "memory/PROGRA~1",
  `memory/${"a".repeat(201)}`,
  `memory/${"ab/".repeat(140)}c`,
  `memory/${"a/".repeat(8)}b`,
];
