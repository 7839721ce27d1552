import { TauError } from "@tau/core";
import { expect, test } from "vitest";

import type { StreamAppend } from "../journal.ts";
import { createGate, never, quiet, resultOf, run, startEngine, submission } from "./engine-adapter.ts";
import type { EngineAdapter } from "./engine-adapter.ts";
import { codeOf, placed, readAll, sampleEvents } from "./journal-samples.ts";

const notes = { tenant: "acme", stream: "notes/1" };

function noteOf(label: string, expectedVersion: number): StreamAppend {
  return { id: notes, expectedVersion, events: sampleEvents(label, 1) };
}

/** What programs add to streams of their own. */
export function engineAppendTests({ open }: EngineAdapter): void {
  test.each([false, true])(
    "what a program appends is in the journal, and its last words with its end; it begins early: %s",
    async (beginsEarly) => {
      await using world = await open();
      await using engine = await world.openEngine();
      const checkpoint = { seq: 2, version: 1, state: {} };
      const versions: number[] = [];
      let last = Promise.resolve(0);
      engine.register(
        "note",
        async (context) => {
          versions.push(await context.append(noteOf("first", 0)));
          versions.push(await context.append({ ...noteOf("second", 1), checkpoint }));
          versions.push(await world.journal.version(notes));
          last = context.appendLast(noteOf("last", 2));
          return "done";
        },
        { beginsEarly },
      );
      await engine.start();

      expect(await run(engine, "note", submission("run-1", { isFirst: true }))).toBe("done");

      expect([...versions, await last]).toEqual([1, 2, 2, 3]);
      const labels = ["first", "second", "last"].flatMap((label) => sampleEvents(label, 1));
      expect(await readAll(world.journal, notes)).toEqual(placed(labels, 0));
      expect(await world.journal.loadCheckpoint(notes)).toEqual(checkpoint);
    },
  );

  test("an append with another version than the stream has is a conflict", async () => {
    await using world = await open();
    await world.journal.append(notes, 0, sampleEvents("before", 1));
    await using engine = await startEngine(world, {
      note: async (context) => [await codeOf(context.append(noteOf("never", 0)))],
    });
    expect(await run(engine, "note", submission("run-1"))).toEqual(["journal.conflict"]);
    expect(await world.journal.version(notes)).toBe(1);
  });

  test("a program's last words are not written when it throws, nor when its engine ends before it does", async () => {
    await using world = await open();
    const refused: Promise<string>[] = [];
    const begun = createGate();
    {
      await using engine = await startEngine(world, {
        fail: async (context) => {
          refused.push(codeOf(context.appendLast(noteOf("never", 0))));
          throw new TauError("test.failed", "No.");
        },
        stop: async (context) => {
          refused.push(codeOf(context.appendLast(noteOf("never", 0))));
          begun.open();
          return await context.wait("never");
        },
      });
      await engine.submit("fail", submission("run-1"));
      expect(await codeOf(engine.result(submission("run-1"), never))).toBe("test.failed");
      await engine.submit("stop", submission("run-2"));
      await begun.opened;
    }
    expect(await Promise.all(refused)).toEqual(["engine.run_ended", "engine.lease_lost"]);
    expect(await world.journal.version(notes)).toBe(0);
  });

  test("a program whose last words somebody else made wrong looks again, and its run ends once", async () => {
    await using world = await open();
    const results: Promise<string>[] = [];
    await using engine = await startEngine(world, {
      note: async (context) => {
        const version = await world.journal.version(notes);
        if (version === 0) await world.journal.append(notes, 0, sampleEvents("theirs", 1));
        results.push(codeOf(context.appendLast(noteOf("mine", version))));
        return version;
      },
    });
    await engine.submit("note", submission("run-1"));
    expect(await resultOf(world, engine, submission("run-1"))).toBe(1);
    expect(await Promise.all(results)).toEqual(["journal.conflict", "nothing was thrown"]);
    expect(await world.journal.version(notes)).toBe(2);
  });

  test("a program's last words outlast what others hand in meanwhile", async () => {
    await using world = await open();
    const gate = createGate();
    await using engine = await startEngine(world, {
      note: async (context) => {
        await gate.opened;
        if (context.runId === "run-1") context.appendLast(noteOf("mine", 0)).catch(() => undefined);
        return context.runId;
      },
    });
    await using other = await world.openEngine();
    await engine.submit("note", submission("run-1"));
    await quiet();
    await other.submit("note", submission("run-2"));
    gate.open();
    expect(await resultOf(world, engine, submission("run-2"))).toBe("run-2");
    expect(await readAll(world.journal, notes)).toEqual(placed(sampleEvents("mine", 1), 0));
  });
}
