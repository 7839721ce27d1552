import { describe, expect, test } from "vitest";

import type { Journal } from "../journal.ts";
import { createGate, never, quiet, run, submission } from "../testing/engine-adapter.ts";
import { codeOf } from "../testing/journal-samples.ts";
import { encodeEngineEvent } from "./engine-event.ts";
import { setUp } from "./store.test.support.ts";

/** A journal that notes from where it is read. */
function watchReads(journal: Journal): { readonly reads: readonly number[]; readonly watching: Journal } {
  const reads: number[] = [];
  const read: Journal["read"] = (stream, from, signal) => {
    reads.push(from);
    return journal.read(stream, from, signal);
  };
  return { reads, watching: { ...journal, read } };
}

describe("what the embedded engine reads of a long key", () => {
  test("a long key is opened from a checkpoint, and still knows every run", async () => {
    const { journal, engine } = setUp();
    {
      await using first = engine();
      first.register("echo", async (_, input) => input);
      await first.start();
      for (let index = 0; index < 150; index++) {
        await run(first, "echo", submission(`run-${index}`, { input: index }));
      }
    }
    const id = { tenant: "acme", stream: "engine/session-1" };
    const checkpoint = await journal.loadCheckpoint(id);
    expect(checkpoint?.seq).toBeGreaterThanOrEqual(200);
    const before = await journal.version(id);
    const { reads, watching } = watchReads(journal);
    await using second = engine({ journal: watching });
    second.register("echo", async () => "again");
    await second.start();
    for (const index of [0, 99, 149]) {
      await second.submit("echo", submission(`run-${index}`));
      expect(await second.result(submission(`run-${index}`), never)).toBe(index);
    }
    expect(reads[0]).toBeGreaterThan(200);
    expect(await journal.version(id)).toBe(before);
  });

  test("a run with a new id begins in a long key after a look at its newest events, and old ids are still known", async () => {
    const { journal, engine } = setUp();
    const id = { tenant: "acme", stream: "engine/session-1" };
    {
      await using first = engine();
      first.register("echo", async (_, input) => input);
      await first.start();
      for (let index = 0; index < 150; index++) {
        await run(first, "echo", submission(`run-${index}`, { input: index }));
      }
    }
    const asked: string[] = [];
    const watching: Journal = {
      ...journal,
      read: (stream, from, signal) => {
        asked.push(from > 200 ? "late" : "early");
        return journal.read(stream, from, signal);
      },
      loadCheckpoint: (stream) => {
        asked.push("checkpoint");
        return journal.loadCheckpoint(stream);
      },
    };
    await using second = engine({ journal: watching });
    second.register("echo", async () => "again");
    await second.start();

    expect(await run(second, "echo", submission("new", { isNewId: true }))).toBe("again");
    expect(await second.result(submission("run-149"), never)).toBe(149);
    expect(asked).toEqual(["late", "late"]);

    const before = await journal.version(id);
    for (const index of [0, 99, 149]) {
      expect(await second.submit("echo", submission(`run-${index}`))).toBe(false);
      expect(await second.result(submission(`run-${index}`), never)).toBe(index);
    }
    expect(await codeOf(second.result(submission("never"), never))).toBe("engine.not_found");
    expect(asked.filter((one) => one === "checkpoint")).toHaveLength(1);
    expect(await journal.version(id)).toBe(before);
  });

  test("a short key is checkpointed by who knows all of its runs, and by nobody else", async () => {
    const { journal, engine } = setUp();
    const id = { tenant: "acme", stream: "engine/session-1" };
    const turns = async (prefix: string, isNewId: boolean): Promise<number | undefined> => {
      await using running = engine();
      running.register("echo", async (_, input) => input);
      await running.start();
      for (let index = 0; index < 150; index++) {
        await run(running, "echo", submission(`${prefix}-${index}`, { isNewId }));
      }
      await quiet();
      return (await journal.loadCheckpoint(id))?.seq;
    };

    const first = await turns("a", false);
    expect(first).toBeGreaterThanOrEqual(200);
    expect(await turns("b", true)).toBe(first);
    expect(await turns("c", false)).toBeGreaterThan(600);
    const { ended } = (await journal.loadCheckpoint(id))?.state ?? {};
    expect(ended).toMatchObject({ "a-0": 2, "b-0": 302, "c-0": 602 });
  });

  test("a run that another engine makes stays its own, whatever this one learns of the runs before it", async () => {
    const { engine } = setUp();
    const made: string[] = [];
    const gates = { first: createGate(), second: createGate() };
    await using other = engine();
    other.register("record", async ({ runId }) => {
      made.push(`other ${runId}`);
      if (runId === "first" || runId === "second") await gates[runId].opened;
      return null;
    });
    await other.start();
    for (let index = 0; index < 40; index++) await run(other, "record", submission(`old-${index}`));
    made.length = 0;
    await using late = engine();
    late.register("record", async ({ runId }) => {
      made.push(`late ${runId}`);
      return null;
    });
    await late.start();
    await run(late, "record", submission("new", { isNewId: true }));
    await quiet();
    await other.submit("record", submission("first"));
    await other.submit("record", submission("second"));
    gates.first.open();
    await other.result(submission("first"), never);

    await late.submit("record", submission("own"));
    await quiet();
    gates.second.open();
    await late.result(submission("own"), never);

    expect(made).toEqual(["late new", "other first", "other second", "other own"]);
  });

  test("a key whose ids are all new gets a checkpoint now and then, whoever opens it, and most turns read no more for it", async () => {
    const { journal, engine } = setUp();
    const id = { tenant: "acme", stream: "engine/session-1" };
    for (let index = 0; index < 490; index++) {
      await journal.append(id, index * 2, [
        encodeEngineEvent({ type: "run_submitted", runId: `old-${index}`, program: "echo", input: null }, 1),
        encodeEngineEvent(
          { type: "run_ended_idle", runId: `old-${index}`, outcome: { ok: true, result: index } },
          1,
        ),
      ]);
    }
    const kept: (number | undefined)[] = [];
    for (let index = 0; index < 20; index++) {
      await using opened = engine();
      opened.register("echo", async () => null);
      await opened.start();
      await run(opened, "echo", submission(`new-${index}`, { isNewId: true }));
      await quiet();
      kept.push((await journal.loadCheckpoint(id))?.seq);
    }

    expect(new Set(kept)).toEqual(new Set([undefined, 1_000]));
    const { reads, watching } = watchReads(journal);
    await using last = engine({ journal: watching });
    last.register("echo", async () => "again");
    await last.start();
    expect(await last.submit("echo", submission("old-7"))).toBe(false);
    expect(await last.result(submission("old-7"), never)).toBe(7);
    expect(reads[0]).toBe(1_001);
  });

  test("a run that waits is taken up with all of its signals, however many came since its key had no work", async () => {
    const { engine } = setUp();
    await using door = engine();
    door.register("steps", async () => null);
    for (let index = 0; index < 100; index++) {
      await door.submit("steps", submission("run-1"));
      await door.signal(submission("run-1"), `signal-${index}`, index);
    }
    await using running = engine();
    running.register("steps", async (context) => [
      await context.wait("signal-0"),
      await context.wait("signal-99"),
    ]);
    await running.start();

    expect(await running.result(submission("run-1"), never)).toEqual([0, 99]);
  });
});
