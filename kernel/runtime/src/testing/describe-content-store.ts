import { createHash } from "node:crypto";

import fc from "fast-check";
import { describe, expect, test } from "vitest";

import type { ContentStore } from "../content-store.ts";
import { codeOf, naughtyTenants } from "./journal-samples.ts";

/** A content store under test, and what else must be closed after it. */
export interface OpenContentStore extends AsyncDisposable {
  readonly content: ContentStore;
}

/** How the suite opens the content stores it tests. */
export interface ContentStoreAdapter {
  /** Opens an empty store; the suite disposes it. */
  readonly open: () => Promise<OpenContentStore>;
  /** Opens another one over the same data, as another process would. Absent when the data ends with the store. */
  readonly reopen?: (first: OpenContentStore) => Promise<OpenContentStore>;
}

const hash = (data: Uint8Array): string => createHash("sha256").update(data).digest("hex");
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** The contract of {@link ContentStore}, as tests. Call it in a test file of the adapter. */
export function describeContentStore(name: string, { open, reopen }: ContentStoreAdapter): void {
  describe(`${name} keeps the contract of ContentStore`, () => {
    test("gives back any bytes under their SHA-256", async () => {
      await using store = await open();
      await fc.assert(
        fc.asyncProperty(fc.uint8Array({ maxLength: 5_000 }), async (data) => {
          const sha256 = await store.content.put("acme", data);
          expect(sha256).toBe(hash(data));
          expect(await store.content.get("acme", sha256)).toEqual(Uint8Array.from(data));
        }),
        { numRuns: 30 },
      );
    });

    test("keeps megabytes and nothing at all", async () => {
      await using store = await open();
      const { content } = store;
      const large = new Uint8Array(3_000_000).map((_, index) => index * 31);
      const got = await content.get("acme", await content.put("acme", large));
      expect(got && hash(got)).toBe(hash(large));
      expect(await content.get("acme", await content.put("acme", new Uint8Array()))).toEqual(
        new Uint8Array(),
      );
    });

    test("equal bytes are one body, also when put at the same time", async () => {
      await using store = await open();
      const { content } = store;
      const hashes = await Promise.all(
        Array.from({ length: 20 }, () => content.put("acme", bytes("the same"))),
      );
      expect(new Set(hashes)).toEqual(new Set([hash(bytes("the same"))]));
      expect(await content.get("acme", hashes[0] ?? "")).toEqual(bytes("the same"));
    });

    test("unknown hashes, and names that are none, answer undefined", async () => {
      await using store = await open();
      const { content } = store;
      await content.put("acme", bytes("x"));
      const known = hash(bytes("x"));
      const names = [
        hash(bytes("y")),
        "",
        "..",
        "../../etc/passwd",
        known.slice(1),
        `${known}0`,
        `${known}\0`,
      ];
      for (const sha256 of names) expect(await content.get("acme", sha256)).toBeUndefined();
    });

    test("another tenant's body answers undefined", async () => {
      await using store = await open();
      const { content } = store;
      const sha256 = await content.put("acme", bytes("secret"));
      expect(await content.get("other", sha256)).toBeUndefined();
      expect(await content.put("other", bytes("secret"))).toBe(sha256);
      expect(await content.get("other", sha256)).toEqual(bytes("secret"));
    });

    test("a tenant whose name is not one is refused", async () => {
      await using store = await open();
      const { content } = store;
      for (const tenant of naughtyTenants) {
        const put = await codeOf(content.put(tenant, bytes("x")));
        const get = await codeOf(content.get(tenant, hash(bytes("x"))));
        const code = "context.invalid_tenant";
        expect({ tenant, put, get }).toEqual({ tenant, put: code, get: code });
      }
    });

    test("what the caller does to its bytes afterwards changes nothing", async () => {
      await using store = await open();
      const { content } = store;
      const data = bytes("original");
      const putting = content.put("acme", data);
      data.fill(0);
      const sha256 = await putting;
      expect(sha256).toBe(hash(bytes("original")));
      const got = await content.get("acme", sha256);
      got?.fill(0);
      expect(await content.get("acme", sha256)).toEqual(bytes("original"));
    });

    if (reopen) sharedContentTests(open, reopen);
  });
}

function sharedContentTests(
  open: () => Promise<OpenContentStore>,
  reopen: (first: OpenContentStore) => Promise<OpenContentStore>,
): void {
  test("a body that was put is there for everybody", async () => {
    await using first = await open();
    const sha256 = await first.content.put("acme", bytes("durable"));
    await using second = await reopen(first);
    expect(await second.content.get("acme", sha256)).toEqual(bytes("durable"));
  });
}
