import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { startFollower } from "./follower.ts";
import type { JournalAdapter } from "./journal-adapter.ts";
import { checkProgram, journalProgram } from "./journal-model.ts";
import { openRoom } from "./journal-room.ts";
import {
  allBatches,
  codeOf,
  naughtyStreams,
  naughtyTenants,
  oddStreams,
  placed,
  readAll,
  sampleEvents,
} from "./journal-samples.ts";

const id = { tenant: "acme", stream: "session/1" };

/** Tests of `append`, and of everything together against a model. */
export function appendTests({ open }: JournalAdapter): void {
  describe("append", () => {
    test("numbers events 1, 2, 3 … and answers the new version", async () => {
      await using journal = await open();
      const first = sampleEvents("first", 3);
      const second = sampleEvents("second", 1);
      expect(await journal.version(id)).toBe(0);
      expect(await journal.append(id, 0, first)).toBe(3);
      expect(await journal.append(id, 3, second)).toBe(4);
      expect(await journal.version(id)).toBe(4);
      expect(await readAll(journal, id)).toEqual([...placed(first, 0), ...placed(second, 3)]);
    });

    test("of no events checks the version and leaves no trace", async () => {
      await using journal = await open();
      expect(await journal.append(id, 0, [])).toBe(0);
      expect(await codeOf(journal.append(id, 1, []))).toBe("journal.conflict");
      expect(await journal.tenants()).toEqual([]);
      expect(await journal.list(id.tenant, { prefix: "", limit: 10 })).toEqual([]);
    });

    test("with another expected version is a retryable conflict and writes nothing", async () => {
      await using journal = await open();
      await journal.append(id, 0, sampleEvents("kept", 2));
      for (const wrong of [0, 1, 3, 100, -1]) {
        await expect(journal.append(id, wrong, sampleEvents("lost", 2))).rejects.toMatchObject({
          code: "journal.conflict",
          class: "retryable",
        });
      }
      expect(await readAll(journal, id)).toEqual(placed(sampleEvents("kept", 2), 0));
    });

    test("a conflict does not spoil appends made at the same time", async () => {
      await using journal = await open();
      const other = { tenant: "acme", stream: "session/2" };
      const results = await Promise.allSettled([
        journal.append(id, 0, sampleEvents("a", 1)),
        journal.append(id, 0, sampleEvents("b", 5)),
        journal.append(other, 0, sampleEvents("c", 2)),
        journal.append(id, 1, sampleEvents("d", 1)),
      ]);
      expect(results.map((result) => result.status)).toEqual([
        "fulfilled",
        "rejected",
        "fulfilled",
        "fulfilled",
      ]);
      expect(await readAll(journal, id)).toEqual([
        ...placed(sampleEvents("a", 1), 0),
        ...placed(sampleEvents("d", 1), 1),
      ]);
      expect(await readAll(journal, other)).toEqual(placed(sampleEvents("c", 2), 0));
    });

    test("calls that are not awaited take effect in their order", async () => {
      await using journal = await open();
      const versions = await Promise.all(
        Array.from({ length: 200 }, (_, index) =>
          journal.append(id, index, sampleEvents(`call ${index}`, 1)),
        ),
      );
      expect(versions).toEqual(Array.from({ length: 200 }, (_, index) => index + 1));
      const bodies = (await readAll(journal, id)).map((event) => event.body);
      expect(bodies).toEqual(
        Array.from({ length: 200 }, (_, index) => JSON.stringify({ label: `call ${index}`, index: 0 })),
      );
    });

    test("keeps bodies exactly: a megabyte, every script, escapes and empty strings", async () => {
      await using journal = await open();
      const bodies = [
        JSON.stringify({ text: "x".repeat(1_048_576) }),
        JSON.stringify({ text: "🦊 ﷽ 中文 עברית \u2028\u2029 é e\u0301".repeat(1_000) }),
        JSON.stringify({ text: '\u0000\ud800 \n\t"\\' }),
        JSON.stringify(""),
        "{}",
      ];
      const events = bodies.map((body) => ({ type: "größe", version: 7, at: Number.MAX_SAFE_INTEGER, body }));
      await journal.append(id, 0, events);
      expect(await readAll(journal, id)).toEqual(placed(events, 0));
    });

    test("does not notice what the caller does to its array afterwards", async () => {
      await using journal = await open();
      const follower = startFollower(journal, id, 1);
      await journal.version(id);
      const events = [...sampleEvents("kept", 2)];
      const written = journal.append(id, 0, events);
      events.length = 0;
      expect(await written).toBe(2);
      await follower.until(2);
      await follower.stop();
      expect(follower.seen).toEqual(placed(sampleEvents("kept", 2), 0));
      expect(await readAll(journal, id)).toEqual(placed(sampleEvents("kept", 2), 0));
    });

    test("after dispose is refused; before dispose is kept", async () => {
      const journal = await open();
      const last = journal.append(id, 0, sampleEvents("last", 1));
      const closing = journal[Symbol.asyncDispose]();
      expect(await last).toBe(1);
      await closing;
      await journal[Symbol.asyncDispose]();
      expect(await codeOf(journal.append(id, 1, sampleEvents("late", 1)))).toBe("journal.closed");
      expect(await codeOf(journal.version(id))).toBe("journal.closed");
      expect(await codeOf(journal.tenants())).toBe("journal.closed");
      expect(await codeOf(readAll(journal, id))).toBe("journal.closed");
    });
  });

  describe("names", () => {
    test("streams of different tenants never see each other", async () => {
      await using journal = await open();
      const theirs = { ...id, tenant: "other" };
      await journal.append(id, 0, sampleEvents("ours", 2));
      await journal.saveCheckpoint(id, { seq: 2, version: 1, state: {} });
      expect(await journal.version(theirs)).toBe(0);
      expect(await readAll(journal, theirs)).toEqual([]);
      expect(await journal.list("other", { prefix: "", limit: 10 })).toEqual([]);
      expect(await journal.loadCheckpoint(theirs)).toBeUndefined();
      expect(await journal.tenants()).toEqual(["acme"]);
      await journal.append(theirs, 0, sampleEvents("theirs", 1));
      expect(await readAll(journal, id)).toEqual(placed(sampleEvents("ours", 2), 0));
      expect(await journal.tenants()).toEqual(["acme", "other"]);
    });

    test("a tenant whose name is not one is refused everywhere", async () => {
      await using journal = await open();
      const { signal } = new AbortController();
      for (const tenant of naughtyTenants) {
        const bad = { tenant, stream: "s" };
        const calls = [
          journal.append(bad, 0, sampleEvents("x", 1)),
          journal.version(bad),
          readAll(journal, bad),
          allBatches(journal.follow(bad, 1, signal)),
          journal.list(tenant, { prefix: "", limit: 1 }),
          journal.saveCheckpoint(bad, { seq: 1, version: 1, state: {} }),
          journal.loadCheckpoint(bad),
        ];
        const codes = await Promise.all(calls.map(codeOf));
        expect({ tenant, codes }).toEqual({ tenant, codes: calls.map(() => "context.invalid_tenant") });
      }
      expect(await journal.tenants()).toEqual([]);
    });

    test("a stream whose name is not one is refused everywhere", async () => {
      await using journal = await open();
      const { signal } = new AbortController();
      for (const stream of naughtyStreams) {
        const bad = { tenant: "acme", stream };
        const calls = [
          journal.append(bad, 0, sampleEvents("x", 1)),
          journal.version(bad),
          readAll(journal, bad),
          allBatches(journal.follow(bad, 1, signal)),
          journal.saveCheckpoint(bad, { seq: 1, version: 1, state: {} }),
          journal.loadCheckpoint(bad),
        ];
        const codes = await Promise.all(calls.map(codeOf));
        expect({ stream, codes }).toEqual({ stream, codes: calls.map(() => "journal.invalid_stream") });
      }
      expect(await journal.tenants()).toEqual([]);
    });

    test("odd names that are allowed are only names", async () => {
      await using journal = await open();
      for (const stream of oddStreams) {
        const odd = { tenant: "constructor", stream };
        expect(await journal.append(odd, 0, sampleEvents(stream, 1))).toBe(1);
      }
      for (const stream of oddStreams) {
        const stored = await readAll(journal, { tenant: "constructor", stream });
        expect(stored).toEqual(placed(sampleEvents(stream, 1), 0));
      }
      expect(await journal.tenants()).toEqual(["constructor"]);
    });
  });

  test("any program of appends, reads, follows, lists and checkpoints agrees with a model", async () => {
    await using journal = await open();
    let programs = 0;
    const agrees = fc.asyncProperty(journalProgram, async (program) => {
      await checkProgram(openRoom(journal, `program-${programs++}`), program);
    });
    await expect(fc.assert(agrees, { numRuns: 60 })).resolves.toBeUndefined();
  });
}
