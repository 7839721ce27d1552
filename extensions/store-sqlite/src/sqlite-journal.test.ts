import { getEventListeners } from "node:events";
import { Worker } from "node:worker_threads";

import { describe, expect, test, vi } from "vitest";

import { createSqliteStore } from "./create-sqlite-store.ts";
import { eventOf, failureOf, readAll, testFolder } from "./test-store.test.support.ts";

const id = { tenant: "acme", stream: "session/1" };

describe("append", () => {
  test("knows at once what another process wrote, however the two take turns", async () => {
    await using folder = await testFolder();
    await using first = await createSqliteStore({ directory: folder.path });
    await using second = await createSqliteStore({ directory: folder.path });
    for (let version = 0; version < 60; version++) {
      const [writer, late] = version % 3 === 0 ? [first, second] : [second, first];
      // The late one asks in the same moment, so it may wait for the lock: it must not trust what it knew before.
      const [, conflict] = await Promise.all([
        writer.journal.append(id, version, [eventOf(String(version))]),
        failureOf(writer.journal.append(id, version, [eventOf("never")])),
      ]);
      expect(conflict).toBe("journal.conflict");
      expect(await failureOf(late.journal.append(id, version, [eventOf("never")]))).toBe("journal.conflict");
    }
    const bodies = (await readAll(first, id)).map(({ body }) => body);
    expect(bodies).toEqual(Array.from({ length: 60 }, (_, index) => String(index)));
  });

  test("lets two that race for the same place have one winner each time", async () => {
    await using folder = await testFolder();
    await using first = await createSqliteStore({ directory: folder.path });
    await using second = await createSqliteStore({ directory: folder.path });
    for (let version = 0; version < 60; version++) {
      const outcomes = await Promise.all(
        [first, second].map((store) => failureOf(store.journal.append(id, version, [eventOf("x")]))),
      );
      expect(outcomes.toSorted()).toEqual(["journal.conflict", "nothing was thrown"]);
    }
  });

  test("refuses one without touching the others of its commit", async () => {
    await using folder = await testFolder();
    await using store = await createSqliteStore({ directory: folder.path });
    const outcomes = await Promise.all([
      failureOf(store.journal.append(id, 0, [eventOf("a"), eventOf("b")])),
      failureOf(store.journal.append(id, 7, [eventOf("never")])),
      failureOf(store.journal.append({ ...id, tenant: "other" }, 1, [eventOf("never")])),
      failureOf(store.journal.append(id, 2, [eventOf("c")])),
    ]);
    const conflict = "journal.conflict";
    const fine = "nothing was thrown";
    expect(outcomes).toEqual([fine, conflict, conflict, fine]);
    expect((await readAll(store, id)).map(({ body }) => body)).toEqual(["a", "b", "c"]);
  });

  test("keeps any text as it is", async () => {
    await using folder = await testFolder();
    await using store = await createSqliteStore({ directory: folder.path });
    const texts = ["", "a\0b", "\u{1f98a}", "ß\u2028", "\uffff", "'; DROP TABLE events; --"];
    await store.journal.append(
      id,
      0,
      texts.map((body) => eventOf(body, body)),
    );
    expect((await readAll(store, id)).map(({ body, type }) => [body, type])).toEqual(
      texts.map((body) => [body, body]),
    );
  });
});

describe("read", () => {
  test("bounds its pages by events and by memory", async () => {
    await using folder = await testFolder();
    await using store = await createSqliteStore({ directory: folder.path });
    const sizes = [...Array<number>(1_200).fill(10), ...Array<number>(6).fill(700_000), 3_000_000, 10];
    for (let version = 0; version < sizes.length; version += 400) {
      const events = sizes.slice(version, version + 400).map((size) => eventOf("x".repeat(size)));
      await store.journal.append(id, version, events);
    }
    const pages: number[] = [];
    for await (const page of store.journal.read(id, 1, new AbortController().signal)) {
      const characters = page.reduce((sum, { body }) => sum + body.length, 0);
      pages.push(page.length);
      expect(page.length === 1 || characters < 1_048_576 + 3_000_000).toBe(true);
    }
    expect(pages.length).toBeGreaterThan(5);
    expect(pages.slice(0, 3)).toEqual([128, 500, 500]);
    expect(pages.reduce((sum, length) => sum + length)).toBe(sizes.length);
  });
});

describe("reading on", () => {
  test("has the next page fetched while one is used, once somebody asked for a second one", async () => {
    await using folder = await testFolder();
    await using store = await createSqliteStore({ directory: folder.path });
    await store.journal.append(
      id,
      0,
      Array.from({ length: 1_400 }, (_, at) => eventOf(String(at))),
    );
    const post = vi.spyOn(Worker.prototype, "postMessage");
    try {
      const pages: (readonly [number, number])[] = [];
      for await (const batch of store.journal.read(id, 1, new AbortController().signal)) {
        pages.push([batch.length, post.mock.calls.length]);
      }
      expect(pages).toEqual([
        [128, 1],
        [500, 3],
        [500, 4],
        [272, 4],
      ]);
    } finally {
      post.mockRestore();
    }
  });
});

describe("follow", () => {
  test("does not read back what this process just wrote, and finds what others wrote behind it", async () => {
    await using folder = await testFolder();
    await using first = await createSqliteStore({ directory: folder.path });
    await using second = await createSqliteStore({ directory: folder.path });
    await first.journal.append(id, 0, [eventOf("old")]);
    await first.journal.append(id, 1, [eventOf("ours")]);
    const post = vi.spyOn(Worker.prototype, "postMessage");
    for await (const batch of first.journal.follow(id, 2, new AbortController().signal)) {
      expect(batch.map(({ seq, body }) => [seq, body])).toEqual([[2, "ours"]]);
      break;
    }
    expect(post.mock.calls).toEqual([]);
    post.mockRestore();

    const { signal } = new AbortController();
    for (const isFollowed of [false, true]) {
      const ours = { ...id, stream: `session/${String(isFollowed)}` };
      const other = first.journal.follow(id, 1, signal)[Symbol.asyncIterator]();
      if (isFollowed) await other.next();
      await first.journal.append(ours, 0, [eventOf("ours")]);
      await second.journal.append(ours, 1, [eventOf("theirs")]);
      if (isFollowed) {
        // By the time that this is heard of, nobody looks for the other one any more.
        await second.journal.append(id, 2, [eventOf("heard")]);
        await other.next();
      }
      const seen: string[] = [];
      for await (const batch of first.journal.follow(ours, 1, signal)) {
        seen.push(...batch.map(({ body }) => body));
        if (seen.length >= 2) break;
      }
      expect(seen).toEqual(["ours", "theirs"]);
      await other.return?.();
    }
  });

  test("reads nothing for those who begin to follow, as long as only this process writes", async () => {
    await using folder = await testFolder();
    await using store = await createSqliteStore({ directory: folder.path });
    const post = vi.spyOn(Worker.prototype, "postMessage");
    const asked = (op: string): number => JSON.stringify(post.mock.calls).split(`"op":"${op}"`).length - 1;
    const reads: number[] = [];
    for (const version of [0, 1, 2]) {
      await store.journal.append(id, version, [eventOf("ours")]);
      post.mockClear();
      const follower = store.journal.follow(id, version + 1, new AbortController().signal);
      const events = follower[Symbol.asyncIterator]();
      await events.next();
      const waiting = events.next();
      // When it looks for the second time at what others wrote, it has heard of the first.
      await vi.waitUntil(() => asked("foreign_versions") >= 2, { timeout: 30_000 });
      reads.push(asked("read"));
      await events.return?.();
      await waiting;
    }
    post.mockRestore();

    // The first one finds out where the file stands.
    expect(reads).toEqual([1, 0, 0]);
  });

  test("leaves no listener on a signal that lives long", async () => {
    await using folder = await testFolder();
    await using store = await createSqliteStore({ directory: folder.path });
    await store.journal.append(id, 0, [eventOf("x")]);
    const { signal } = new AbortController();
    for (let time = 0; time < 20; time++) {
      for await (const batch of store.journal.follow(id, 1, signal)) {
        expect(batch).toHaveLength(1);
        expect(getEventListeners(signal, "abort")).toHaveLength(1);
        break;
      }
    }
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });

  test("shows what two processes wrote in turns to a listener that is slow", async () => {
    await using folder = await testFolder();
    await using first = await createSqliteStore({ directory: folder.path });
    await using second = await createSqliteStore({ directory: folder.path });
    await first.journal.append(id, 0, [eventOf("0")]);
    const seen: string[] = [];
    for await (const batch of first.journal.follow(id, 1, new AbortController().signal)) {
      for (const { seq, body } of batch) {
        seen.push(body);
        expect(seen).toHaveLength(seq);
      }
      const version = seen.length;
      if (version >= 40) break;
      // While the listener is busy: one of ours, one of theirs, one of ours.
      for (const [index, writer] of [first, second, first].entries()) {
        await writer.journal.append(id, version + index, [eventOf(String(version + index))]);
      }
    }
    expect(seen).toEqual(Array.from({ length: seen.length }, (_, index) => String(index)));
  });
});

describe("recent", () => {
  test("finds streams also behind very many newer events of others, page by page", async () => {
    await using folder = await testFolder();
    await using store = await createSqliteStore({ directory: folder.path });
    for (const name of ["a", "b", "c"])
      await store.journal.append({ tenant: "acme", stream: `session/${name}` }, 0, [eventOf(name)]);
    const many = Array.from({ length: 6_000 }, () => eventOf("x"));
    await store.journal.append({ tenant: "acme", stream: "session/a" }, 1, many);
    await store.journal.append({ tenant: "acme", stream: "other/1" }, 0, [eventOf("x")]);
    const pages: (readonly string[])[] = [];
    let before: string | undefined;

    do {
      const options = { prefix: "session/", limit: 2, ...(before === undefined ? {} : { before }) };
      const { streams, next } = await store.journal.recent("acme", options);
      pages.push(streams.map(({ stream }) => stream));
      before = next;
    } while (before !== undefined);

    expect(pages).toEqual([["session/a", "session/c"], ["session/b"]]);
  });
});
