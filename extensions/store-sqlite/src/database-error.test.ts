import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

import { describe, expect, test } from "vitest";

import { DatabaseError, toRefusal } from "./database-error.ts";
import { testFolder } from "./test-store.test.support.ts";

/** What a database refuses, told to the caller. */
function refusalOf(act: () => unknown): ReturnType<typeof toRefusal> {
  try {
    act();
  } catch (error) {
    return toRefusal(error, "acme");
  }
  throw new Error("Nothing was refused.");
}

async function database(): Promise<AsyncDisposable & { readonly file: string; readonly db: DatabaseSync }> {
  const folder = await testFolder();
  const file = join(folder.path, "a.db");
  const db = new DatabaseSync(file, { timeout: 0 });
  db.exec("PRAGMA journal_mode = WAL; CREATE TABLE events (body TEXT)");
  return {
    file,
    db,
    async [Symbol.asyncDispose]() {
      db.close();
      await folder[Symbol.asyncDispose]();
    },
  };
}

describe("toRefusal()", () => {
  test("names a full disk", async () => {
    await using full = await database();
    full.db.exec("PRAGMA max_page_count = 3");
    const refusal = refusalOf(() => full.db.exec("INSERT INTO events VALUES (zeroblob(100000))"));
    expect(refusal).toMatchObject({ code: "journal.unavailable", cause: expect.any(Error) });
    expect(refusal.message).toContain("the disk is full; free some space");
  });

  test("names a file that is read-only", async () => {
    await using readable = await database();
    using db = new DatabaseSync(readable.file, { readOnly: true });
    const refusal = refusalOf(() => db.exec("INSERT INTO events VALUES ('x')"));
    expect(refusal.code).toBe("journal.unavailable");
    expect(refusal.message).toContain("read-only");
  });

  test("names a file that another process keeps locked", async () => {
    await using locked = await database();
    using other = new DatabaseSync(locked.file);
    other.exec("BEGIN IMMEDIATE");
    const refusal = refusalOf(() => locked.db.exec("BEGIN IMMEDIATE"));
    expect(refusal.code).toBe("journal.unavailable");
    expect(refusal.message).toContain("another process kept it locked");
  });

  test("keeps a refusal as it was made", () => {
    const made = new DatabaseError("journal.conflict", "Another version.", { version: 7 });
    expect(toRefusal(made, "acme")).toMatchObject({ code: "journal.conflict", version: 7 });
  });

  test("says no more of an unexpected failure than its code", () => {
    const refusal = toRefusal(Object.assign(new Error("at /secret"), { code: "EACCES" }), "acme");
    expect(refusal.message).toContain("(EACCES)");
    expect(refusal.message).not.toContain("/secret");
  });
});
