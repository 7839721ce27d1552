import { spawn } from "node:child_process";
import { readFile, stat, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";

import { isTauError } from "@tau/core";
import { describe, expect, test } from "vitest";

import { createSqliteStore } from "./create-sqlite-store.ts";
import { eventOf, failureOf, openFile, readAll, testFolder } from "./test-store.test.support.ts";

const id = { tenant: "acme", stream: "session/1" };
const signal = new AbortController().signal;

/** A folder with a store of two tenants that was closed. */
async function written(): Promise<Awaited<ReturnType<typeof testFolder>> & { readonly file: string }> {
  const folder = await testFolder();
  await using store = await createSqliteStore({ directory: folder.path });
  const events = Array.from({ length: 50 }, (_, index) => eventOf(`${index} ${"x".repeat(500)}`));
  await store.journal.append(id, 0, events);
  await store.journal.append({ ...id, tenant: "other" }, 0, events);
  return { ...folder, file: join(folder.path, "acme", "journal.db") };
}

/** Does everything that can be done with a tenant's file. */
function everything(directory: string): Promise<readonly string[]> {
  return (async () => {
    await using store = await createSqliteStore({ directory, lockTimeoutMs: 50 });
    const { journal, content, leases } = store;
    const first = async (): Promise<unknown> => {
      for await (const batch of journal.follow(id, 1, signal)) return batch;
      return undefined;
    };
    const found = [
      await failureOf(journal.append(id, 50, [eventOf("more")])),
      await failureOf(journal.version(id)),
      await failureOf(readAll(store, id)),
      await failureOf(first()),
      await failureOf(journal.list("acme", { prefix: "", limit: 10 })),
      await failureOf(content.put("acme", new Uint8Array(3))),
      await failureOf(leases.acquire("acme", "session/1")),
    ];
    // The others go on.
    expect(await readAll(store, { ...id, tenant: "other" })).toHaveLength(50);
    expect(await journal.tenants()).toEqual(["acme", "other"]);
    return [...new Set(found)];
  })();
}

describe("a tenant's file that cannot be used", () => {
  test.each([
    ["empty", async (file: string) => await truncate(file, 0)],
    ["cut", async (file: string) => await truncate(file, 1_000)],
    ["garbage", async (file: string) => await writeFile(file, "This is no database. ".repeat(1_000))],
  ])("is corrupt when it is %s, and stays as it is", async (_, damage) => {
    await using folder = await written();
    await damage(folder.file);
    const before = await readFile(folder.file);
    expect(await everything(folder.path)).toEqual(["store.corrupt"]);
    expect(await readFile(folder.file)).toEqual(before);
  });

  test("is corrupt when it is another program's database", async () => {
    await using folder = await written();
    await truncate(folder.file, 0);
    using foreign = new DatabaseSync(folder.file);
    foreign.exec("CREATE TABLE events (a); PRAGMA user_version = 1");
    const before = await readFile(folder.file);
    expect(await everything(folder.path)).toEqual(["store.corrupt"]);
    expect(await readFile(folder.file)).toEqual(before);
  });

  test("is refused when a newer Tau wrote it", async () => {
    await using folder = await written();
    using newer = openFile(folder.path, "acme");
    newer.exec("PRAGMA user_version = 99");
    expect(await everything(folder.path)).toEqual(["store.newer_schema"]);
    expect(newer.prepare("PRAGMA user_version").get()).toEqual({ user_version: 99 });
  });

  test("is told of when pages in its middle are damaged", async () => {
    await using folder = await written();
    const bytes = await readFile(folder.file);
    bytes.fill(0xa5, 4_096);
    await writeFile(folder.file, bytes);
    await using store = await createSqliteStore({ directory: folder.path });
    expect(await failureOf(readAll(store, id))).toBe("store.corrupt");
    expect(await failureOf(store.journal.append(id, 50, [eventOf("more")]))).toBe("store.corrupt");
  });

  test("is told of when an event is missing", async () => {
    await using folder = await written();
    using file = openFile(folder.path, "acme");
    file.exec("DELETE FROM events WHERE seq = 7");
    await using store = await createSqliteStore({ directory: folder.path });
    expect(await failureOf(readAll(store, id))).toBe("store.corrupt");
  });

  test("is told of when a body does not have its hash", async () => {
    await using folder = await written();
    await using store = await createSqliteStore({ directory: folder.path });
    const sha256 = await store.content.put("acme", new Uint8Array([1, 2, 3]));
    using file = openFile(folder.path, "acme");
    file.exec("UPDATE content SET data = x'00'");
    expect(await failureOf(store.content.get("acme", sha256))).toBe("content.corrupt");
  });

  test("is unavailable while another process keeps it locked, and works afterwards", async () => {
    await using folder = await written();
    await using store = await createSqliteStore({ directory: folder.path, lockTimeoutMs: 50 });
    using other = openFile(folder.path, "acme");
    other.exec("BEGIN IMMEDIATE");
    const appending = store.journal.append(id, 50, [eventOf("more")]);
    expect(await failureOf(appending)).toBe("journal.unavailable");
    expect(await readAll(store, id)).toHaveLength(50);
    other.exec("ROLLBACK");
    expect(await store.journal.append(id, 50, [eventOf("more")])).toBe(51);
  });

  test("refuses all of a commit when an insert in the middle of it fails, and goes on where it was", async () => {
    await using folder = await written();
    await using store = await createSqliteStore({ directory: folder.path });
    using file = openFile(folder.path, "acme");
    file.exec(`CREATE TRIGGER poisoned BEFORE INSERT ON events WHEN NEW.type = 'poison'
               BEGIN SELECT RAISE(ABORT, 'poisoned'); END`);
    const fresh = { ...id, stream: "session/2" };
    const outcomes = await Promise.all([
      failureOf(store.journal.append(id, 50, [eventOf("fine")])),
      failureOf(store.journal.append(fresh, 0, [eventOf("fine"), eventOf("not", "poison")])),
      failureOf(store.journal.append(id, 51, [eventOf("fine")])),
      failureOf(store.journal.append({ ...id, tenant: "other" }, 50, [eventOf("fine")])),
    ]);
    const refused = "journal.unavailable";
    expect(outcomes).toEqual([refused, refused, refused, "nothing was thrown"]);
    expect([await store.journal.version(id), await store.journal.version(fresh)]).toEqual([50, 0]);
    expect(await store.journal.append(id, 50, [eventOf("again")])).toBe(51);
    expect(await store.journal.append(fresh, 0, [eventOf("again")])).toBe(1);
  });

  test("is unavailable when the disk is full: nothing is acknowledged, and nothing is lost", async () => {
    await using folder = await testFolder();
    const script = fileURLToPath(new URL("./full-disk-child.test.support.ts", import.meta.url));
    const limited = `ulimit -f 1024; exec "$0" --conditions=@tau/source "$1" "$2"`;
    const child = spawn("sh", ["-c", limited, process.execPath, script, folder.path]);
    const { version, known, refusals } = JSON.parse(await text(child.stdout));
    expect(version).toBeGreaterThan(0);
    expect(known).toBe(version);
    const message = `journal.unavailable retryable: The data of tenant "acme" could not be read or written`;
    for (const refusal of refusals) expect(refusal).toContain(message);
    await using store = await createSqliteStore({ directory: folder.path });
    expect(await readAll(store, id)).toHaveLength(version);
    expect(await store.journal.append(id, version, [eventOf("room again")])).toBe(version + 1);
  });
});

describe("a store", () => {
  test("says nothing of the host's paths", async () => {
    await using folder = await testFolder();
    await writeFile(join(folder.path, "acme"), "a file where the folder should be");
    await using store = await createSqliteStore({ directory: folder.path });
    const failure: unknown = await store.journal
      .append(id, 0, [eventOf("x")])
      .catch((error: unknown) => error);
    if (!isTauError(failure)) throw new Error("Nothing was thrown.");
    expect(failure.code).toBe("journal.unavailable");
    expect(failure.message).not.toContain(folder.path);
    expect(String(failure.cause)).toContain(folder.path);
  });

  test("keeps files and folders for its user alone", async () => {
    await using folder = await testFolder();
    const directory = join(folder.path, "new", "store");
    await using store = await createSqliteStore({ directory });
    await store.journal.append(id, 0, [eventOf("x")]);
    const modeOf = async (...path: readonly string[]): Promise<string> =>
      ((await stat(join(directory, ...path))).mode & 0o777).toString(8);
    expect([await modeOf(), await modeOf("acme")]).toEqual(["700", "700"]);
    const files = ["journal.db", "journal.db-wal", "journal.db-shm"];
    expect(await Promise.all(files.map((file) => modeOf("acme", file)))).toEqual(["600", "600", "600"]);
  });

  test("keeps the write-ahead log small", async () => {
    await using folder = await testFolder();
    await using store = await createSqliteStore({ directory: folder.path });
    for (let version = 0; version < 400; version += 10) {
      const events = Array.from({ length: 10 }, () => eventOf("x".repeat(50_000)));
      await store.journal.append(id, version, events);
    }
    const { size } = await stat(join(folder.path, "acme", "journal.db-wal"));
    expect(size).toBeLessThan(8_000_000);
  });
});
