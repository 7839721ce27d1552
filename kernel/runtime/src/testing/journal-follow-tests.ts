import fc from "fast-check";
import { describe, expect, test } from "vitest";

import type { JournalAdapter } from "./journal-adapter.ts";
import { startFollower } from "./follower.ts";
import { openRoom } from "./journal-room.ts";
import { codeOf, firstBatch, placed, sampleEvents } from "./journal-samples.ts";

const id = { tenant: "acme", stream: "session/1" };

/** Tests of `follow`. */
export function followTests({ open }: JournalAdapter): void {
  describe("follow", () => {
    test("replays and goes on, also on a stream that does not exist yet", async () => {
      await using journal = await open();
      const early = startFollower(journal, id, 1);
      await journal.append(id, 0, sampleEvents("a", 3));
      await early.until(3);
      const late = startFollower(journal, id, 3);
      const future = startFollower(journal, id, 5);
      await late.until(3);
      await journal.append(id, 3, sampleEvents("b", 2));
      await journal.append({ ...id, stream: "session/2" }, 0, sampleEvents("elsewhere", 1));
      await journal.append({ ...id, tenant: "other" }, 0, sampleEvents("elsewhere", 1));
      await Promise.all([early.until(5), late.until(5), future.until(5)]);
      await Promise.all([early.stop(), late.stop(), future.stop()]);
      const all = [...placed(sampleEvents("a", 3), 0), ...placed(sampleEvents("b", 2), 3)];
      expect(early.seen).toEqual(all);
      expect(late.seen).toEqual(all.slice(2));
      expect(future.seen).toEqual(all.slice(4));
    });

    test("has no gap and no duplicate, wherever it starts while others append", async () => {
      await using store = await open();
      let cases = 0;
      await fc.assert(
        fc.asyncProperty(
          fc.array(
            fc.record({ count: fc.integer({ min: 1, max: 5 }), yields: fc.nat(3), from: fc.nat(60) }),
            {
              minLength: 1,
              maxLength: 30,
            },
          ),
          async (steps) => {
            const journal = openRoom(store, `case-${cases++}`);
            const followers: { from: number; follower: ReturnType<typeof startFollower> }[] = [];
            const appends: Promise<number>[] = [];
            let version = 0;
            for (const { count, yields, from } of steps) {
              appends.push(journal.append(id, version, sampleEvents(`at ${version}`, count)));
              version += count;
              followers.push({ from, follower: startFollower(journal, id, from) });
              for (let turn = 0; turn < yields; turn++) await new Promise((resolve) => setImmediate(resolve));
            }
            await Promise.all(appends);
            for (const { from, follower } of followers) {
              const first = Math.max(1, from);
              if (first <= version) await follower.until(version);
              await follower.stop();
              const seqs = follower.seen.map((event) => event.seq);
              const expected = Array.from({ length: Math.max(0, version - first + 1) }, (_, i) => first + i);
              expect(seqs).toEqual(expected);
            }
          },
        ),
        { numRuns: 40 },
      );
    });

    test("waits for a slow listener without losing anything", async () => {
      await using journal = await open();
      const stopping = new AbortController();
      const seen: number[] = [];
      await journal.append(id, 0, sampleEvents("first", 1));
      let version = 1;
      for await (const batch of journal.follow(id, 1, stopping.signal)) {
        seen.push(...batch.map((event) => event.seq));
        if ((seen.at(-1) ?? 0) >= 6_001) break;
        if (version > seen.length) continue;
        for (let round = 0; round < 40; round++) {
          version = await journal.append(id, version, sampleEvents("more", 50));
        }
      }
      expect(seen).toEqual(Array.from({ length: 6_001 }, (_, index) => index + 1));
    });

    test("throws the signal's reason: before it begins, while it waits, and while its listener works", async () => {
      await using journal = await open();
      const reason = new Error("enough");
      await expect(firstBatch(journal.follow(id, 1, AbortSignal.abort(reason)))).rejects.toBe(reason);

      const waiting = startFollower(journal, id, 1);
      await journal.append(id, 0, sampleEvents("x", 1));
      await waiting.until(1);
      expect(await waiting.stop()).toMatchObject({ message: "stopped by the test" });

      const stopping = new AbortController();
      const working = async (): Promise<void> => {
        for await (const batch of journal.follow(id, 1, stopping.signal)) {
          expect(batch).toHaveLength(1);
          stopping.abort(reason);
        }
      };
      await expect(working()).rejects.toBe(reason);
    });

    test("ends with journal.closed when the journal is disposed", async () => {
      const journal = await open();
      await journal.append(id, 0, sampleEvents("x", 1));
      const follower = startFollower(journal, id, 1);
      await follower.until(1);
      await journal[Symbol.asyncDispose]();
      expect(await follower.ended).toMatchObject({ code: "journal.closed" });
      const late = journal.follow(id, 1, new AbortController().signal);
      expect(await codeOf(firstBatch(late))).toBe("journal.closed");
    });
  });
}
