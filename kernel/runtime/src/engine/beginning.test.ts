import { describe, expect, test } from "vitest";

import type { EngineContext } from "../engine.ts";
import type { StreamAppend } from "../journal.ts";
import { abortOf, createGate, never, quiet, run, submission } from "../testing/engine-adapter.ts";
import { codeOf, readAll, sampleEvents } from "../testing/journal-samples.ts";
import { pass, setUp } from "./store.test.support.ts";

const notes = { tenant: "acme", stream: "notes/1" };
const first = { isFirst: true };

function noteOf(expectedVersion: number): StreamAppend {
  return {
    id: notes,
    expectedVersion,
    events: sampleEvents("note", 1).map((event) => ({ ...event, type: "note" })),
  };
}

describe("a run that begins early", () => {
  test("B1. writes what it says first with its submission, and what it says last with its end", async () => {
    const { journal, engine } = setUp();
    await using running = engine();
    let version = 0;
    const continues: boolean[] = [];
    running.register(
      "note",
      async (context) => {
        continues.push(context.continues);
        version = await context.append(noteOf(version));
        version += 1;
        context.appendLast(noteOf(version - 1)).catch(() => undefined);
        return null;
      },
      { beginsEarly: true },
    );
    await running.start();

    const ended = (async () => {
      for await (const batch of journal.follow({ tenant: "acme", stream: "engine/session-1" }, 1, never)) {
        const seq = batch.at(-1)?.seq;
        // As a listener does that hears of the end and goes on at once.
        if (seq === 2) await running.submit("note", submission("run-2"));
        if (seq === 4) return;
      }
    })();
    await running.submit("note", submission("run-1", first));
    await ended;

    const both = [
      "engine/session-1 run_submitted + notes/1 note",
      "engine/session-1 run_ended_idle + notes/1 note",
    ];
    expect(journal.appended).toEqual([...both, ...both]);
    expect(continues).toEqual([true, true]);
    expect(journal.reads.count).toBe(0);
  });

  test("B1. writes alone what comes too late for its submission, or is a second append to a stream", async () => {
    const { journal, engine } = setUp();
    await using running = engine();
    running.register(
      "late",
      async (context) => {
        const both = [context.append(noteOf(0)), context.append(noteOf(1))];
        await quiet();
        return await Promise.all([...both, context.append(noteOf(2))]);
      },
      { beginsEarly: true },
    );
    await running.start();

    expect(await run(running, "late", submission("run-1", first))).toEqual([1, 2, 3]);

    expect(journal.appended.slice(0, 3)).toEqual([
      "engine/session-1 run_submitted + notes/1 note",
      "notes/1 note",
      "notes/1 note",
    ]);
  });

  test("B2. does nothing that leaves a trace before its submission is durable, and nothing at all when it is refused", async () => {
    const { journal, clock, engine } = setUp();
    await using running = engine();
    const traces: string[] = [];
    const codes: string[] = [];
    let attempts = 0;
    const act = async (context: EngineContext, name: string): Promise<unknown> => {
      if (name === "step") return await context.step("one", async () => traces.push(journal.appended.join()));
      if (name === "sleep") return await context.sleep("nap", 0);
      if (name === "wait") return await context.wait("go", { timeoutMs: 1 });
      if (name === "call") return await context.call("other", submission("called", { key: "other" }));
      return await context.append(noteOf(0));
    };
    running.register("other", async () => null);
    running.register(
      "act",
      async (context) => {
        attempts++;
        const acting = act(context, context.key);
        codes.push(await codeOf(acting));
        await acting;
        return null;
      },
      { beginsEarly: true },
    );
    await running.start();

    journal.failOn("run_submitted");
    for (const input of ["step", "sleep", "wait", "call", "append"]) {
      const what = submission("run-1", { key: input, ...first });
      expect(await codeOf(running.submit("act", what))).toBe("journal.unavailable");
      expect(await codeOf(running.result(what, never))).toBe("engine.not_found");
    }
    expect([attempts, journal.appended, traces]).toEqual([5, [], []]);
    expect(codes).toEqual(Array(5).fill("journal.unavailable"));

    journal.failOn(undefined);
    const what = submission("run-1", { key: "step" });
    await run(running, "act", what);
    expect(traces).toEqual(["engine/step run_submitted"]);
    expect(clock.sleepers).toBe(1);
  });

  test("is made behind another one, if that was handed in elsewhere meanwhile", async () => {
    const { journal, engine } = setUp();
    const made: string[] = [];
    await using one = engine();
    await using other = engine();
    for (const [name, each] of Object.entries({ one, other })) {
      each.register(
        "note",
        async (context) => {
          const version = await journal.version(notes);
          if (!context.continues || version === 0) await context.append(noteOf(version));
          else await context.append(noteOf(version - 1));
          made.push(`${name} ${context.runId}`);
          return null;
        },
        { beginsEarly: true },
      );
      await each.start();
    }
    await run(one, "note", submission("run-1", first));
    await run(other, "note", submission("run-2"));

    // This one knows nothing of run-2, and says what would be wrong after it.
    await run(one, "note", submission("run-3"));

    expect(made).toEqual(["one run-1", "other run-2", "one run-3"]);
    const types = (await readAll(journal, { tenant: "acme", stream: "engine/session-1" })).map(
      ({ type }) => type,
    );
    expect(types).toEqual([1, 2, 3].flatMap(() => ["run_submitted", "run_ended_idle"]));
    expect(await journal.version(notes)).toBe(3);
  });

  test("is made once more, when what it said first was wrong", async () => {
    const { journal, clock, engine } = setUp();
    await using running = engine();
    await journal.append(notes, 0, sampleEvents("theirs", 1));
    const said: (number | string)[] = [];
    running.register(
      "note",
      async (context) => {
        said.push(await context.append(noteOf(context.continues ? 0 : 1)));
        return null;
      },
      { beginsEarly: true },
    );
    await running.start();

    expect(await running.submit("note", submission("run-1", first))).toBe(true);
    await running.result(submission("run-1"), never);
    await pass(clock, () => said.length > 0);

    expect(said).toEqual([2]);
    expect(journal.appended.slice(1)).toEqual([
      "engine/session-1 run_submitted",
      "notes/1 note",
      "engine/session-1 run_ended_idle",
    ]);
  });

  test("looks again at once when its last words are wrong, which says nothing about its key", async () => {
    const { journal, clock, engine } = setUp();
    await using running = engine();
    let asked = 0;
    running.register("note", async (context) => {
      context.appendLast(noteOf(asked++ === 0 ? 7 : 0)).catch(() => undefined);
      return null;
    });
    await running.start();
    await running.submit("note", submission("run-1"));

    await pass(clock, () => asked === 2);
    await running.result(submission("run-1"), never);

    expect(journal.appended).toHaveLength(2);
    expect(journal.reads.count).toBe(1);
  });

  test("does not outlive its engine, although that ends before its submission is durable", async () => {
    const { journal, leases, engine } = setUp();
    const running = engine();
    const [begun, gate] = [createGate(), createGate()];
    let reason: unknown;
    running.register(
      "slow",
      async (context) => {
        begun.open();
        reason = await abortOf(context);
        await gate.opened;
        throw reason;
      },
      { beginsEarly: true },
    );
    await running.start();
    const submitted = running.submit("slow", submission("run-1", first));
    await begun.opened;
    expect(journal.appended).toEqual([]);

    let isDisposed = false;
    const disposed = Promise.resolve(running[Symbol.asyncDispose]()).then(() => (isDisposed = true));
    expect(await submitted).toBe(true);
    await quiet();
    const [owner = ""] = leases.asked;
    expect([isDisposed, await leases.acquire("acme", owner)]).toEqual([false, undefined]);
    gate.open();
    await disposed;

    expect(reason).toMatchObject({ code: "engine.stopped" });
    expect(journal.appended).toEqual(["engine/session-1 run_submitted", "engine/session-1 key_released"]);
  });
});
