import { describe, expect, test } from "vitest";

import type { StreamAppend } from "../journal.ts";
import { startFollower } from "./follower.ts";
import type { JournalAdapter } from "./journal-adapter.ts";
import { codeOf, naughtyStreams, naughtyTenants, placed, readAll, sampleEvents } from "./journal-samples.ts";

const one = { tenant: "acme", stream: "session/1" };
const two = { tenant: "acme", stream: "engine/1" };

function appendOf(id: StreamAppend["id"], expectedVersion: number, count = 1): StreamAppend {
  return { id, expectedVersion, events: sampleEvents(`${id.stream} at ${expectedVersion}`, count) };
}

/** Tests of `appendAll`. */
export function togetherTests({ open }: JournalAdapter): void {
  describe("appendAll", () => {
    test("adds to each of its streams, answers their versions, and tells those who follow", async () => {
      await using journal = await open();
      await journal.append(two, 0, sampleEvents("before", 2));
      const followers = [startFollower(journal, one, 1), startFollower(journal, two, 3)];
      const appends = [appendOf(one, 0, 3), appendOf(two, 2)];

      expect(await journal.appendAll(appends)).toEqual([3, 3]);

      for (const follower of followers) await follower.until(3);
      for (const follower of followers) await follower.stop();
      const expected = appends.map(({ events, expectedVersion }) => placed(events, expectedVersion));
      expect(followers.map(({ seen }) => seen)).toEqual(expected);
      expect(await readAll(journal, one)).toEqual(expected[0]);
      expect(await readAll(journal, two, 3)).toEqual(expected[1]);
    });

    test("writes nothing when one of its streams has another version, and says which", async () => {
      await using journal = await open();
      await journal.append(two, 0, sampleEvents("before", 2));
      const checkpoint = { seq: 1, version: 1, state: {} };

      for (const wrong of [0, 3]) {
        const appends = [
          { ...appendOf(one, 0), checkpoint },
          { ...appendOf(two, wrong), checkpoint },
        ];
        for (const order of [appends, appends.toReversed()]) {
          await expect(journal.appendAll(order)).rejects.toMatchObject({
            code: "journal.conflict",
            class: "retryable",
            details: { stream: two.stream, expectedVersion: wrong, actualVersion: 2 },
          });
        }
      }

      expect(await journal.version(one)).toBe(0);
      expect(await journal.version(two)).toBe(2);
      expect(await journal.loadCheckpoint(one)).toBeUndefined();
      expect(await journal.loadCheckpoint(two)).toBeUndefined();
    });

    test("keeps a checkpoint with the events, in place of an older one", async () => {
      await using journal = await open();
      await journal.saveCheckpoint(one, { seq: 0, version: 1, state: { old: true } });
      const checkpoint = { seq: 2, version: 3, state: { text: "ü" } };

      await journal.appendAll([{ ...appendOf(one, 0, 2), checkpoint }, appendOf(two, 0)]);

      expect(await journal.loadCheckpoint(one)).toEqual(checkpoint);
      expect(await journal.loadCheckpoint(two)).toBeUndefined();
    });

    test("takes its place among other appends that nobody awaits", async () => {
      await using journal = await open();
      const settled = await Promise.allSettled([
        journal.append(one, 0, sampleEvents("a", 1)),
        journal.appendAll([appendOf(two, 0), appendOf(one, 1)]),
        journal.appendAll([appendOf(two, 1), appendOf(one, 1)]),
        journal.append(one, 2, sampleEvents("b", 1)),
        journal.append(two, 1, sampleEvents("c", 1)),
      ]);

      expect(settled.map(({ status }) => status === "fulfilled")).toEqual([true, true, false, true, true]);
      expect((await readAll(journal, one)).length).toBe(3);
      expect((await readAll(journal, two)).length).toBe(2);
    });

    test("of nothing writes nothing, and of no events only checks", async () => {
      await using journal = await open();
      expect(await journal.appendAll([])).toEqual([]);
      expect(await journal.appendAll([appendOf(one, 0, 0), appendOf(two, 0)])).toEqual([0, 1]);
      expect(await codeOf(journal.appendAll([appendOf(one, 1, 0), appendOf(two, 1)]))).toBe(
        "journal.conflict",
      );
      expect(await journal.version(two)).toBe(1);
    });

    test("does not notice what the caller does to its arrays afterwards", async () => {
      await using journal = await open();
      const events = [...sampleEvents("kept", 2)];
      const appends = [{ id: one, expectedVersion: 0, events }];
      const written = journal.appendAll(appends);
      events.length = 0;
      appends.length = 0;
      expect(await written).toEqual([2]);
      expect(await readAll(journal, one)).toEqual(placed(sampleEvents("kept", 2), 0));
    });

    test("refuses streams of two tenants, and one stream twice", async () => {
      await using journal = await open();
      const theirs = { ...two, tenant: "other" };
      await expect(journal.appendAll([appendOf(one, 0), appendOf(theirs, 0)])).rejects.toThrow(RangeError);
      await expect(journal.appendAll([appendOf(one, 0), appendOf(one, 1)])).rejects.toThrow(RangeError);
      expect(await journal.tenants()).toEqual([]);
    });

    test("refuses names that are none, and anything after dispose", async () => {
      const journal = await open();
      for (const tenant of naughtyTenants) {
        const code = await codeOf(journal.appendAll([appendOf({ ...one, tenant }, 0)]));
        expect({ tenant, code }).toEqual({ tenant, code: "context.invalid_tenant" });
      }
      for (const stream of naughtyStreams) {
        const code = await codeOf(journal.appendAll([appendOf(one, 0), appendOf({ ...two, stream }, 0)]));
        expect({ stream, code }).toEqual({ stream, code: "journal.invalid_stream" });
      }
      await journal[Symbol.asyncDispose]();
      expect(await codeOf(journal.appendAll([appendOf(one, 0)]))).toBe("journal.closed");
    });
  });
}
