import { readdir } from "node:fs/promises";
import { Worker } from "node:worker_threads";
import { execFile } from "node:child_process";
import { promisify } from "node:util";

import { describe, expect, test, vi } from "vitest";

import { createSqliteStore } from "./create-sqlite-store.ts";
import { eventOf, failureOf, openFile, readAll, testFolder } from "./test-store.test.support.ts";

const id = { tenant: "acme", stream: "session/1" };

describe("createSqliteStore()", () => {
  test("never loads node:sqlite into the main thread", async () => {
    await using folder = await testFolder();
    const script = `
      const { createSqliteStore } = await import(${JSON.stringify(import.meta.resolve("./index.ts"))});
      const store = await createSqliteStore({ directory: process.argv[1] });
      await store.journal.append({ tenant: "acme", stream: "a" }, 0, [{ type: "x", version: 1, at: 0, body: "{}" }]);
      await store[Symbol.asyncDispose]();
      console.log(process.moduleLoadList.filter((name) => name.includes("sqlite")).join());
    `;
    const run = promisify(execFile);
    const args = ["--conditions=@tau/source", "--input-type=module", "-e", script, folder.path];
    expect((await run(process.execPath, args)).stdout).toBe("\n");
  });

  test("does not keep a process alive that forgets to close it, and has what it acknowledged", async () => {
    await using folder = await testFolder();
    const script = `
      const { createSqliteStore } = await import(${JSON.stringify(import.meta.resolve("./index.ts"))});
      const store = await createSqliteStore({ directory: process.argv[1] });
      await store.leases.acquire("acme", "a");
      store.journal.append({ tenant: "acme", stream: "session/1" }, 0, [{ type: "x", version: 1, at: 0, body: "{}" }]);
    `;
    const args = ["--conditions=@tau/source", "--input-type=module", "-e", script, folder.path];
    await promisify(execFile)(process.execPath, args);
    await using store = await createSqliteStore({ directory: folder.path });
    expect(await store.journal.version(id)).toBe(1);
  });

  test("finishes what was asked before it was closed, and refuses what comes later", async () => {
    await using folder = await testFolder();
    const store = await createSqliteStore({ directory: folder.path });
    const asked = Array.from({ length: 50 }, (_, version) =>
      store.journal.append(id, version, [eventOf(String(version))]),
    );
    const lease = store.leases.acquire("acme", "session/1");
    await store[Symbol.asyncDispose]();
    expect(await Promise.all(asked)).toEqual(Array.from({ length: 50 }, (_, index) => index + 1));
    expect((await lease)?.lost.aborted).toBe(true);
    expect(await failureOf(store.journal.append(id, 50, [eventOf("late")]))).toBe("journal.closed");
    expect(await failureOf(store.content.put("acme", new Uint8Array()))).toBe("journal.closed");
    expect(await failureOf(store.leases.acquire("acme", "late"))).toBe("journal.closed");
    // The log was folded into the file.
    expect(await readdir(`${folder.path}/acme`)).toEqual(["journal.db"]);
  });

  test("closes in time when the thread hangs, refuses what waits, and is not used again", async () => {
    await using folder = await testFolder();
    const store = await createSqliteStore({
      directory: folder.path,
      lockTimeoutMs: 1_000,
      closeTimeoutMs: 50,
    });
    await store.journal.append(id, 0, [eventOf("x")]);
    using other = openFile(folder.path, "acme");
    other.exec("BEGIN IMMEDIATE");
    const appending = failureOf(store.journal.append(id, 1, [eventOf("y")]));
    expect(await failureOf(store.journal[Symbol.asyncDispose]())).toBe("store.not_answering");
    expect(await appending).toBe("store.not_answering");
    other.exec("ROLLBACK");
    await using next = await createSqliteStore({ directory: folder.path });
    expect(await next.journal.append(id, await next.journal.version(id), [eventOf("z")])).toBeGreaterThan(1);
  });

  test("is dead when its thread dies: everything that waits is refused, and everything later", async () => {
    await using folder = await testFolder();
    await using store = await createSqliteStore({ directory: folder.path });
    await store.journal.append(id, 0, [eventOf("x")]);
    const seen: number[] = [];
    const following = failureOf(
      (async () => {
        for await (const batch of store.journal.follow(id, 1, new AbortController().signal)) {
          seen.push(...batch.map(({ seq }) => seq));
        }
      })(),
    );
    while (seen.length === 0) await new Promise((resolve) => setImmediate(resolve));
    // Keeps the thread in the middle of a commit.
    using other = openFile(folder.path, "acme");
    other.exec("BEGIN IMMEDIATE");
    const post = vi.spyOn(Worker.prototype, "postMessage");
    const waiting = failureOf(store.journal.append(id, 1, [eventOf("y")]));
    while (post.mock.contexts.length === 0) await new Promise((resolve) => setImmediate(resolve));
    const [worker] = post.mock.contexts;
    post.mockRestore();
    if (!(worker instanceof Worker)) throw new Error("Nothing was sent.");
    const ended = worker.terminate();
    other.exec("ROLLBACK");
    await ended;
    const dead = "store.thread_ended";
    expect([await waiting, await following]).toEqual([dead, dead]);
    expect(seen).toEqual([1]);
    expect(await failureOf(store.journal.version(id))).toBe(dead);
    expect(await failureOf(store.content.put("acme", new Uint8Array()))).toBe(dead);
    await using again = await createSqliteStore({ directory: folder.path });
    expect((await readAll(again, id)).map(({ body }) => body)).toEqual(["x"]);
  });

  test("refuses more than it can hold, before it is sent, and goes on", async () => {
    await using folder = await testFolder();
    await using store = await createSqliteStore({ directory: folder.path });
    const body = "x".repeat(1_048_576);
    const asked = Array.from({ length: 70 }, (_, version) =>
      failureOf(store.journal.append(id, version, [eventOf(body)])),
    );
    const found = await Promise.all(asked);
    expect(found.slice(0, 63)).toEqual(Array(63).fill("nothing was thrown"));
    expect(new Set(found.slice(63))).toEqual(new Set(["store.overloaded"]));
    expect(await store.journal.append(id, 63, [eventOf("room again")])).toBe(64);
  });

  test("refuses what is too large for a row, and events that are none", async () => {
    await using folder = await testFolder();
    await using store = await createSqliteStore({ directory: folder.path });
    const huge = store.journal.append(id, 0, [eventOf("x".repeat(67_108_865))]);
    expect(await failureOf(huge)).toBe("store.too_large");
    expect(await failureOf(store.content.put("acme", new Uint8Array(268_435_457)))).toBe("store.too_large");
    const fine = store.journal.append(id, 0, [eventOf("fine")]);
    await expect(store.journal.append(id, 1, [{ ...eventOf("x"), at: 0.5 }])).rejects.toThrow(TypeError);
    expect(await fine).toBe(1);
  });
});
