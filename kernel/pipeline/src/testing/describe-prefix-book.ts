import { describe, expect, test } from "vitest";

import type { PrefixBook, PrefixRecord } from "../prefix-cache/prefix-record.ts";

/** A book under test; disposed of after each test. */
export interface PrefixBookFixture extends AsyncDisposable {
  readonly book: PrefixBook;
}

function recordOf(id: string, fields: Partial<PrefixRecord> = {}): PrefixRecord {
  return {
    id,
    tenant: "acme",
    provider: "gemini",
    model: "m",
    handle: `cachedContents/${id}`,
    tokens: 5_000,
    messages: 3,
    createdAt: 1,
    expiresAt: 2,
    ...fields,
  };
}

/**
 * Checks the contract of {@link PrefixBook}; every adapter runs it in its own tests.
 *
 * Needs vitest, which is not a dependency of this package.
 */
export function describePrefixBook(name: string, create: () => Promise<PrefixBookFixture>): void {
  const byId = (a: PrefixRecord, b: PrefixRecord): number => (a.id < b.id ? -1 : 1);

  describe(`${name} keeps the contract of PrefixBook`, () => {
    test("answers the records of all tenants, each as it was put last", async () => {
      await using fixture = await create();
      const { book } = fixture;
      expect(await book.all()).toEqual([]);
      await book.put(recordOf("a"));
      await book.put(recordOf("b", { tenant: "globex" }));
      await book.put(recordOf("a", { expiresAt: 9 }));

      expect([...(await book.all())].sort(byId)).toEqual([
        recordOf("a", { expiresAt: 9 }),
        recordOf("b", { tenant: "globex" }),
      ]);
    });

    test("forgets what was removed, and nothing else", async () => {
      await using fixture = await create();
      const { book } = fixture;
      await book.put(recordOf("a"));
      await book.put(recordOf("b"));
      await book.remove("acme", "a");
      await book.remove("acme", "unknown");

      expect(await book.all()).toEqual([recordOf("b")]);
    });
  });
}
