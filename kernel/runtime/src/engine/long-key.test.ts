import { describe, expect, test } from "vitest";

import type { Journal } from "../journal.ts";
import { never, quiet, run, submission } from "../testing/engine-adapter.ts";
import { codeOf } from "../testing/journal-samples.ts";
import { setUp } from "./store.test.support.ts";

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
    const reads: number[] = [];
    const watching: Journal = {
      ...journal,
      read: (stream, from, signal) => {
        reads.push(from);
        return journal.read(stream, from, signal);
      },
    };
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

  test("a key is checkpointed by who knows all of its runs, and by nobody else", async () => {
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
