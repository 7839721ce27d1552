import { describe, expect, test } from "vitest";

import type { JournalEvent, StreamId } from "../journal.ts";
import type { JournalAdapter } from "./journal-adapter.ts";
import { allBatches, firstBatch, placed, readAll, sampleEvents } from "./journal-samples.ts";

const id = { tenant: "acme", stream: "session/1" };

/** Tests of `read`, `list`, `recent`, `tenants` and checkpoints. */
export function readTests({ open }: JournalAdapter): void {
  describe("read", () => {
    test("yields every event from a place on, over many batches, and ends", async () => {
      await using journal = await open();
      const events = sampleEvents("many", 2_500);
      await journal.append(id, 0, events);
      for (const from of [-5, 0, 1, 2, 499, 500, 501, 2_499, 2_500]) {
        expect(await readAll(journal, id, from)).toEqual(placed(events, 0).slice(Math.max(0, from - 1)));
      }
      expect(await readAll(journal, id, 2_501)).toEqual([]);
      expect(await readAll(journal, { ...id, stream: "session/unknown" })).toEqual([]);
    });

    test("yields many large bodies, each exactly once", async () => {
      await using journal = await open();
      const body = JSON.stringify("x".repeat(1_000_000));
      const events = Array.from({ length: 12 }, (_, at) => ({ type: "large", version: 1, at, body }));
      await journal.append(id, 0, events);
      const batches = await allBatches(journal.read(id, 1, new AbortController().signal));
      expect(batches.flat().map((event) => event.seq)).toEqual(events.map((_, index) => index + 1));
      expect(batches.flat().every((event) => event.body === body)).toBe(true);
    });

    test("throws the reason of an aborted signal, also between two batches", async () => {
      await using journal = await open();
      await journal.append(id, 0, sampleEvents("many", 2_500));
      const reason = new Error("enough");
      await expect(firstBatch(journal.read(id, 1, AbortSignal.abort(reason)))).rejects.toBe(reason);

      const stopping = new AbortController();
      const reading = async (): Promise<void> => {
        for await (const batch of journal.read(id, 1, stopping.signal)) {
          expect(batch.length).toBeLessThan(2_500);
          stopping.abort(reason);
        }
      };
      await expect(reading()).rejects.toBe(reason);
    });

    test("may be left early", async () => {
      await using journal = await open();
      await journal.append(id, 0, sampleEvents("many", 2_500));
      const { signal } = new AbortController();
      expect((await firstBatch(journal.read(id, 10, signal)))?.[0]?.seq).toBe(10);
      expect(await journal.append(id, 2_500, sampleEvents("next", 1))).toBe(2_501);
    });
  });

  describe("list", () => {
    test("answers summaries, newest name first, in pages", async () => {
      await using journal = await open();
      const at = (time: number, type: string) => ({ type, version: 1, at: time, body: "{}" });
      for (const name of ["session/b", "session/a", "inbox/a", "session/c"]) {
        await journal.append({ tenant: "acme", stream: name }, 0, [at(10, "made"), at(20, "changed")]);
      }
      await journal.append({ tenant: "acme", stream: "session/a" }, 2, [at(30, "ended")]);
      const page = await journal.list("acme", { prefix: "session/", limit: 2 });
      expect(page.map((summary) => summary.stream)).toEqual(["session/c", "session/b"]);
      expect(await journal.list("acme", { prefix: "session/", limit: 2, before: "session/b" })).toEqual([
        { stream: "session/a", version: 3, createdAt: 10, updatedAt: 30, lastType: "ended" },
      ]);
      expect(await journal.list("acme", { prefix: "session/", limit: 2, before: "session/a" })).toEqual([]);
      expect(await journal.list("acme", { prefix: "nothing", limit: 2 })).toEqual([]);
      const beyond = await journal.list("acme", { prefix: "inbox/", limit: 2, before: "session/c" });
      expect(beyond.map((summary) => summary.stream)).toEqual(["inbox/a"]);
      expect(await journal.list("acme", { prefix: "session/", limit: 2, before: "inbox/b" })).toEqual([]);
    });

    test("goes on past a thousand streams", async () => {
      await using journal = await open();
      const names = Array.from({ length: 1_100 }, (_, index) => `session/${String(index).padStart(5, "0")}`);
      await Promise.all(
        names.map((stream) => journal.append({ tenant: "acme", stream }, 0, sampleEvents(stream, 1))),
      );
      const found = await journal.list("acme", { prefix: "session/", limit: 5_000 });
      expect(found.map((summary) => summary.stream)).toEqual(names.toReversed());
    });
  });

  describe("recent", () => {
    const idOf = (stream: string): StreamId => ({ tenant: "acme", stream });
    // Of one time, as clocks sometimes have it: what counts is the order of the appends.
    const event: JournalEvent = { type: "made", version: 1, at: 10, body: "{}" };

    test("answers summaries, the stream written to last first, in pages", async () => {
      await using journal = await open();
      for (const name of ["session/a", "session/b", "inbox/a", "session/c"])
        await journal.append(idOf(name), 0, [event]);
      await journal.append(idOf("session/a"), 1, [{ ...event, at: 30, type: "changed" }]);

      const first = await journal.recent("acme", { prefix: "session/", limit: 2 });
      expect(first.streams).toEqual([
        { stream: "session/a", version: 2, createdAt: 10, updatedAt: 30, lastType: "changed" },
        { stream: "session/c", version: 1, createdAt: 10, updatedAt: 10, lastType: "made" },
      ]);
      expect(first.next).toMatch(/^[0-9]+$/u);
      const before = first.next ?? "";
      const second = await journal.recent("acme", { prefix: "session/", limit: 2, before });
      expect(second.streams.map(({ stream }) => stream)).toEqual(["session/b"]);
      expect(second.next).toBeUndefined();
      expect(await journal.recent("acme", { prefix: "nothing", limit: 2 })).toEqual({ streams: [] });
      expect(await journal.recent("nobody", { prefix: "session/", limit: 2 })).toEqual({ streams: [] });
    });

    test("has every stream once, while those that were shown are written to again", async () => {
      await using journal = await open();
      const names = Array.from({ length: 40 }, (_, index) => `session/${String(index).padStart(2, "0")}`);
      for (const name of names) await journal.append(idOf(name), 0, [event]);
      const seen: string[] = [];
      for (let before: string | undefined; ;) {
        const options = { prefix: "session/", limit: 7, ...(before === undefined ? {} : { before }) };
        const page = await journal.recent("acme", options);
        seen.push(...page.streams.map(({ stream }) => stream));
        for (const { stream } of page.streams) await journal.append(idOf(stream), 1, [event]);
        before = page.next;
        if (before === undefined) break;
      }
      expect(seen).toEqual(names.toReversed());
    });
  });

  describe("checkpoints", () => {
    test("are kept one per stream, the last one saved", async () => {
      await using journal = await open();
      await journal.append(id, 0, sampleEvents("x", 2));
      expect(await journal.loadCheckpoint(id)).toBeUndefined();
      await journal.saveCheckpoint(id, { seq: 1, version: 1, state: { a: [1, null, "é", { b: true }] } });
      await journal.saveCheckpoint(id, { seq: 2, version: 2, state: { a: 2 } });
      expect(await journal.loadCheckpoint(id)).toEqual({ seq: 2, version: 2, state: { a: 2 } });
      expect(await journal.loadCheckpoint({ ...id, stream: "session/2" })).toBeUndefined();
      expect(await readAll(journal, id)).toEqual(placed(sampleEvents("x", 2), 0));
    });

    test("of a stream without events do not make it one", async () => {
      await using journal = await open();
      await journal.saveCheckpoint(id, { seq: 0, version: 1, state: {} });
      expect(await journal.tenants()).toEqual([]);
      expect(await journal.list("acme", { prefix: "", limit: 10 })).toEqual([]);
      expect(await journal.append(id, 0, sampleEvents("x", 1))).toBe(1);
    });

    test("let a reader of a long stream read its tail only", async () => {
      await using journal = await open();
      const version = 10_000;
      await journal.append(id, 0, sampleEvents("long", version));
      await journal.saveCheckpoint(id, { seq: version - 20, version: 1, state: { turns: version - 20 } });
      const checkpoint = await journal.loadCheckpoint(id);
      const batches = await allBatches(
        journal.read(id, (checkpoint?.seq ?? 0) + 1, new AbortController().signal),
      );
      expect(batches.map((batch) => batch.length)).toEqual([20]);
    });
  });
}
