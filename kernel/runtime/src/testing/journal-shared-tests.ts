import { isTauError } from "@tau/core";
import { describe, expect, test } from "vitest";

import type { Journal } from "../journal.ts";
import { startFollower } from "./follower.ts";
import { placed, readAll, sampleEvents } from "./journal-samples.ts";

const id = { tenant: "acme", stream: "session/1" };

/** Tests of journals whose data outlives them and is shared with other processes. */
export function sharedJournalTests(
  open: () => Promise<Journal>,
  reopen: (first: Journal) => Promise<Journal>,
): void {
  describe("data that outlives the journal", () => {
    test("is all there after it was closed and opened again", async () => {
      const first = await open();
      await first.append(id, 0, sampleEvents("kept", 3));
      await first.saveCheckpoint(id, { seq: 2, version: 1, state: { a: 1 } });
      await first[Symbol.asyncDispose]();
      await using second = await reopen(first);
      expect(await readAll(second, id)).toEqual(placed(sampleEvents("kept", 3), 0));
      expect(await second.loadCheckpoint(id)).toEqual({ seq: 2, version: 1, state: { a: 1 } });
      expect(await second.tenants()).toEqual(["acme"]);
      expect(await second.append(id, 3, sampleEvents("more", 1))).toBe(4);
    });

    test("what append answered and what follow yielded is there for everybody", async () => {
      await using first = await open();
      await using second = await reopen(first);
      const stopping = new AbortController();
      const writing = first.append(id, 0, sampleEvents("x", 1));
      for await (const batch of first.follow(id, 1, stopping.signal)) {
        const last = batch.at(-1)?.seq ?? 0;
        expect(await second.version(id)).toBeGreaterThanOrEqual(last);
        if (last === 20) break;
        expect(await first.append(id, last, sampleEvents("y", 1))).toBe(last + 1);
      }
      expect(await writing).toBe(1);
    });

    test("follow sees what others append, mixed with one's own", async () => {
      await using first = await open();
      await using second = await reopen(first);
      const followers = [startFollower(first, id, 1), startFollower(second, id, 1)];
      for (let version = 0; version < 20; version++) {
        const writer = version % 3 === 0 ? second : first;
        expect(await writer.append(id, version, sampleEvents("mixed", 1))).toBe(version + 1);
      }
      const expected = Array.from({ length: 20 }, (_, index) => index + 1);
      for (const follower of followers) {
        await follower.until(20);
        await follower.stop();
        expect(follower.seen.map((event) => event.seq)).toEqual(expected);
      }
    });

    test("two writers that retry their conflicts lose nothing", async () => {
      await using first = await open();
      await using second = await reopen(first);
      const write = async (journal: Journal, label: string): Promise<void> => {
        for (let made = 0; made < 40;) {
          try {
            const event = { type: label, version: 1, at: 0, body: String(made) };
            await journal.append(id, await journal.version(id), [event]);
            made += 1;
          } catch (error) {
            if (!isTauError(error) || error.code !== "journal.conflict") throw error;
          }
        }
      };
      await Promise.all([write(first, "a"), write(second, "b")]);
      const all = await readAll(second, id);
      expect(all.map((event) => event.seq)).toEqual(Array.from({ length: 80 }, (_, index) => index + 1));
      const expected = Array.from({ length: 40 }, (_, index) => String(index));
      for (const label of ["a", "b"]) {
        expect(all.filter((event) => event.type === label).map((event) => event.body)).toEqual(expected);
      }
    });
  });
}
