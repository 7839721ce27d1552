import { describe, expect, test } from "vitest";

import { createFolder, signal } from "../memory.test.support.ts";
import { createFileStore } from "../store/file-store.ts";
import { createTransientStore } from "../store/transient-store.ts";
import { etagOf } from "../store/memory-store.ts";
import { blameMemory, diffMemory } from "./compare-texts.ts";
import { keptVersions, versionPath } from "./history-log.ts";
import { createMemoryHistory } from "./memory-history.ts";

const path = "memory/files/a.md";

describe("createMemoryHistory()", () => {
  test("keeps every version with its author, and goes back to one", async () => {
    let time = 0;
    const history = createMemoryHistory({ store: createTransientStore(), now: () => ++time });
    const ada = history.as({ by: "ada", reason: "asked for" });

    await ada.save(path, "one\n", { ifMatch: null }, signal);
    await ada.save(path, "two\n", {}, signal);
    await history.revert(path, 1, { by: "bob" }, signal);
    await ada.delete(path, {}, signal);

    expect(await history.versions(path, signal)).toEqual([
      { number: 1, at: 1, action: "created", by: "ada", reason: "asked for", etag: etagOf("one\n") },
      { number: 2, at: 2, action: "changed", by: "ada", reason: "asked for", etag: etagOf("two\n") },
      { number: 3, at: 3, action: "reverted", by: "bob", etag: etagOf("one\n") },
      { number: 4, at: 4, action: "deleted", by: "ada", reason: "asked for" },
    ]);
    expect(await history.text(path, 2, signal)).toBe("two\n");
    for (const number of [0, 4, 5])
      await expect(history.text(path, number, signal)).rejects.toMatchObject({ code: "memory.no_version" });
    await history.revert(path, 2, { by: "bob" }, signal);
    expect((await ada.load(path, signal)).text).toBe("two\n");
  });

  test("notices what somebody changed without it", async () => {
    const store = createTransientStore();
    const history = createMemoryHistory({ store });
    await store.save(path, "by hand", {}, signal);
    await history.as({ by: "ada" }).save(path, "by ada", {}, signal);
    await store.save(path, "by hand again", {}, signal);

    await history.as({ by: "ada" }).rename(path, "memory/files/b.md", signal);

    expect((await history.versions(path, signal)).map(({ action, by }) => [action, by])).toEqual([
      ["found", "unknown"],
      ["changed", "ada"],
      ["found", "unknown"],
      ["renamed", "ada"],
    ]);
    expect(await history.text(path, 3, signal)).toBe("by hand again");
    expect(await history.text("memory/files/b.md", 1, signal)).toBe("by hand again");
  });

  test("loses no version of many writers, on disk", async () => {
    const store = createFileStore({ folder: await createFolder(), tenant: "acme" });
    const history = createMemoryHistory({ store });

    await Promise.all(
      Array.from(
        { length: 6 },
        async (_, index) => await history.as({ by: `w${index}` }).save(path, `text ${index}`, {}, signal),
      ),
    );

    const writers = (await history.versions(path, signal)).filter(({ action }) => action !== "found");
    expect(writers.map(({ by }) => by).toSorted()).toEqual(["w0", "w1", "w2", "w3", "w4", "w5"]);
  });

  test("writes nothing down of a write that failed", async () => {
    const history = createMemoryHistory({ store: createTransientStore() });
    const ada = history.as({ by: "ada" });
    await ada.save(path, "one", {}, signal);

    await expect(ada.save(path, "two", { ifMatch: null }, signal)).rejects.toMatchObject({
      code: "memory.exists",
    });
    await expect(ada.delete("memory/none", {}, signal)).rejects.toMatchObject({ code: "memory.not_found" });

    expect(await history.versions(path, signal)).toHaveLength(1);
    expect(await history.versions("memory/none", signal)).toEqual([]);
  });

  test("keeps the last hundred versions, and the texts of those only", async () => {
    const store = createTransientStore();
    const history = createMemoryHistory({ store });
    for (let count = 1; count <= keptVersions + 5; count++)
      await history.as({ by: "ada" }).save(path, `text ${count}`, {}, signal);

    const versions = await history.versions(path, signal);
    expect([versions.length, versions[0]?.number]).toEqual([keptVersions, 6]);
    expect(await store.list("history/text/", signal)).toHaveLength(keptVersions);
    expect(await history.text(path, 6, signal)).toBe("text 6");
  });

  test("erases a file with all that is known of it, and nothing of others", async () => {
    const store = createTransientStore();
    const history = createMemoryHistory({ store });
    for (const one of [path, "memory/files/b.md"])
      for (const text of ["one", "two"]) await history.as({ by: "ada" }).save(one, text, {}, signal);

    await history.erase(path, signal);
    await history.erase("memory/files/none.md", signal);

    expect(await history.versions(path, signal)).toEqual([]);
    expect((await store.list("memory/", signal)).map((entry) => entry.path)).toEqual(["memory/files/b.md"]);
    expect(await store.list("history/", signal)).toHaveLength(3);
    expect(await history.text("memory/files/b.md", 1, signal)).toBe("one");
  });

  test("hands out no text that is not the one it kept", async () => {
    const store = createTransientStore();
    const history = createMemoryHistory({ store });
    const etag = await history.as({ by: "ada" }).save(path, "true", {}, signal);
    await store.save(versionPath(path, etag), "false", {}, signal);

    await expect(history.text(path, 1, signal)).rejects.toMatchObject({ code: "memory.damaged" });
    await expect(history.revert(path, 1, { by: "ada" }, signal)).rejects.toMatchObject({
      code: "memory.damaged",
    });
  });
});

describe("diffMemory() and blameMemory()", () => {
  test("show what changed, and who brought each line", () => {
    const diff = diffMemory(path, "a\nb\n", "a\nc\n");
    expect(diff).toContain("-b\n+c\n");
    expect(diffMemory(path, "a", "a")).toBe("");

    const blamed = blameMemory([
      { version: 1, text: "a\nb\nc\n" },
      { version: 2, text: "a\nB\nc\n" },
      { version: 5, text: "0\na\nB\nd\n" },
    ]);
    expect(blamed.map(({ line, version }) => `${version} ${line}`)).toEqual(["5 0", "1 a", "2 B", "5 d"]);
  });
});
