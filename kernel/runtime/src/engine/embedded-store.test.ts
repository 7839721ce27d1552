import { setImmediate as turn } from "node:timers/promises";

import type { Json } from "@tau/core";
import { TauError } from "@tau/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

import type { EngineContext, Submission } from "../engine.ts";
import { createMemoryJournal } from "../memory/memory-journal.ts";
import { createMemoryLeases } from "../memory/memory-leases.ts";
import { abortOf, createGate, never, quiet, run, submission } from "../testing/engine-adapter.ts";
import { codeOf, readAll } from "../testing/journal-samples.ts";
import { createManualClock } from "../testing/manual-clock.ts";
import { createEmbeddedEngine } from "./embedded-engine.ts";
import { decodeEngineEvent, encodeEngineEvent } from "./engine-event.ts";
import {
  createSlowJournal,
  createSlowLeases,
  createWaits,
  names,
  pass,
  setUp,
} from "./store.test.support.ts";

describe("what the embedded engine writes", () => {
  test("a run costs one append when it is submitted, one when it ends, and no reading", async () => {
    const { journal, engine, clock } = setUp();
    await using running = engine();
    running.register("steps", async (context) => {
      await context.step("one", async () => null);
      await context.step("two", async () => null);
      return null;
    });
    await running.start();
    await run(running, "steps", submission("run-1"));
    await quiet();
    expect(journal.appended).toEqual(["engine/session-1 run_submitted", "engine/session-1 run_ended_idle"]);
    expect(journal.reads.count).toBe(0);
    // One that goes on looking for work of others; none that belongs to the run.
    expect(clock.sleepers).toBe(1);
  });

  test("the newest event of a key says whether something is left to do", async () => {
    const { journal, engine } = setUp();
    await using running = engine();
    const gate = createGate();
    running.register("slow", async () => {
      await gate.opened;
      return null;
    });
    await running.start();
    await running.submit("slow", submission("run-1"));
    await running.submit("slow", submission("run-2"));
    gate.open();
    await running.result(submission("run-2"), never);
    expect(journal.appended.map((line) => line.split(" ")[1])).toEqual([
      "run_submitted",
      "run_submitted",
      "run_ended",
      "run_ended_idle",
    ]);
  });

  test("events of a later version are passed over, and damaged ones are reported", async () => {
    const { journal, engine } = setUp();
    const id = { tenant: "acme", stream: "engine/session-1" };
    await journal.append(id, 0, [{ type: "run_paused", version: 1, at: 1, body: "{}" }]);
    await using running = engine();
    running.register("greet", async () => "hello");
    await running.start();
    expect(await run(running, "greet", submission("run-1"))).toBe("hello");

    const damaged = { tenant: "acme", stream: "engine/session-2" };
    await journal.append(damaged, 0, [{ type: "run_submitted", version: 1, at: 1, body: '{"runId":7}' }]);
    const what = submission("run-1", { key: "session-2" });
    expect(await codeOf(running.submit("greet", what))).toBe("engine.invalid_event");
    expect(await codeOf(running.result(what, never))).toBe("engine.invalid_event");
  });

  test("keys without work cost an engine that starts nothing, and a key is followed only while it has work", async () => {
    const { journal, leases, engine } = setUp();
    {
      await using first = engine();
      first.register("ask", async (context) => await context.wait("go"));
      await first.start();
      await using door = engine();
      await first.submit("ask", submission("run-1"));
      // The running engine hears of it by following the stream.
      await door.signal(submission("run-1"), "go", 1);
      expect(await first.result(submission("run-1"), never)).toBe(1);
      await quiet();
      expect(journal.followers).toEqual({ now: 0, ever: 1 });
    }
    leases.asked.length = 0;
    await using second = engine();
    await second.start();
    await quiet();
    expect(leases.asked).toEqual([]);
  });

  test("a run whose result is not JSON has failed as internal", async () => {
    const { observed, engine } = setUp();
    await using running = engine();
    const circular: Json[] = [];
    circular.push(circular);
    running.register("bad", async () => circular);
    await running.start();
    await running.submit("bad", submission("run-1"));
    expect(await codeOf(running.result(submission("run-1"), never))).toBe("internal");
    expect(names(observed)).toEqual(["engine.run_failed"]);
  });
});

describe("an embedded engine in trouble", () => {
  test("an end that cannot be written is written when the journal is back; the program is not run again", async () => {
    const { journal, clock, observed, engine } = setUp();
    await using running = engine();
    let runs = 0;
    running.register("count", async () => ++runs);
    await running.start();
    journal.failOn("run_ended");
    await running.submit("count", submission("run-1"));
    const result = running.result(submission("run-1"), never);
    await pass(clock, () => observed.length > 1);
    journal.failOn(undefined);
    clock.advance(10_000);
    expect(await result).toBe(1);
    expect(names(observed)).toContain("engine.journal_trouble");
  });

  test("an end that cannot be written for long leaves the run unfinished; it is made again later", async () => {
    const { journal, clock, observed, engine } = setUp();
    await using running = engine();
    let runs = 0;
    running.register("count", async () => ++runs);
    await running.start();
    journal.failOn("run_ended");
    await running.submit("count", submission("run-1"));
    const result = running.result(submission("run-1"), never);
    await pass(clock, () => runs > 1);
    expect(observed.length).toBeGreaterThanOrEqual(5);
    journal.failOn(undefined);
    await pass(clock, () => journal.appended.at(-1)?.endsWith("run_ended_idle") === true);
    expect(await result).toBeGreaterThan(1);
  });

  test("a program that fails because of the journal is replayed; its run does not end", async () => {
    const { clock, journal, engine } = setUp();
    await using running = engine();
    let runs = 0;
    running.register("write", async () => {
      if (++runs < 3) throw new TauError("journal.unavailable", "The disk is full.", { class: "retryable" });
      return runs;
    });
    await running.start();
    await running.submit("write", submission("run-1"));
    const result = running.result(submission("run-1"), never);
    await pass(clock, () => journal.appended.length > 1);
    expect(await result).toBe(3);
  });

  test("a program that always loses against others fails, and does not hold up its key", async () => {
    const { clock, journal, engine } = setUp();
    await using running = engine();
    running.register("lose", async () => {
      throw new TauError("journal.conflict", "Somebody else appended.", { class: "retryable" });
    });
    running.register("greet", async () => "hello");
    await running.start();
    await running.submit("lose", submission("run-1"));
    await running.submit("greet", submission("run-2"));
    const lost = codeOf(running.result(submission("run-1"), never));
    const next = running.result(submission("run-2"), never);
    await pass(clock, () => journal.appended.length > 3);
    expect([await lost, await next]).toEqual(["journal.conflict", "hello"]);
  });

  test("a submission that cannot be written is refused, and is none", async () => {
    const { journal, engine } = setUp();
    await using running = engine();
    let runs = 0;
    running.register("count", async () => ++runs);
    await running.start();
    journal.failOn("run_submitted");
    expect(await codeOf(running.submit("count", submission("run-1")))).toBe("journal.unavailable");
    journal.failOn(undefined);
    expect(await codeOf(running.result(submission("run-1"), never))).toBe("engine.not_found");
    expect(await run(running, "count", submission("run-1"))).toBe(1);
  });

  test("a lost lease aborts the run with engine.lease_lost and writes nothing; it is taken up again", async () => {
    const { journal, leases, clock, observed, engine } = setUp();
    await using running = engine();
    const begun = createGate();
    const reasons: unknown[] = [];
    running.register("slow", async (context) => {
      if (reasons.length > 0) return "second";
      begun.open();
      reasons.push(await abortOf(context));
      return "the first must not be written";
    });
    await running.start();
    await running.submit("slow", submission("run-1"));
    const result = running.result(submission("run-1"), never);
    await begun.opened;
    leases.loseAll();
    await quiet();
    expect(reasons).toMatchObject([{ code: "engine.lease_lost" }]);
    expect(journal.appended).toEqual(["engine/session-1 run_submitted"]);
    await pass(clock, () => journal.appended.length > 1);
    expect(await result).toBe("second");
    expect(names(observed)).toContain("engine.lease_lost");
  });

  test("disposing does not wait longer for a program than it was told to, and keeps its key held meanwhile", async () => {
    const { leases, clock, observed, engine } = setUp();
    const running = engine({ drainMs: 2_000 });
    const begun = createGate();
    const gate = createGate();
    running.register("deaf", async () => {
      begun.open();
      await gate.opened;
      return null;
    });
    await running.start();
    await running.submit("deaf", submission("run-1"));
    await begun.opened;
    const disposed = Promise.resolve(running[Symbol.asyncDispose]());
    await quiet();
    expect(observed).toEqual([]);
    clock.advance(2_000);
    await disposed;
    expect(names(observed)).toEqual(["engine.drain_expired"]);
    const [owner = ""] = leases.asked;
    expect(await leases.acquire("acme", owner)).toBeUndefined();
    gate.open();
    await quiet();
    expect(await leases.acquire("acme", owner)).toBeDefined();
  });

  test("nothing sleeps on when the engine is gone", async () => {
    const { clock, engine } = setUp();
    const running = engine();
    running.register("left", async (context) => {
      const left = [context.wait("go", { timeoutMs: 86_400_000 }), context.sleep("nap", 86_400_000)].map(
        codeOf,
      );
      return await Promise.race([...left, quiet().then(() => "done")]);
    });
    await running.start();
    expect(await run(running, "left", submission("run-1"))).toBe("done");
    await quiet();
    expect(clock.sleepers).toBe(1);
    await running[Symbol.asyncDispose]();
    expect(clock.sleepers).toBe(0);
  });

  test("a missing program is reported, a bug too, and an observer that throws changes nothing", async () => {
    const { observed, engine } = setUp();
    await using running = engine({
      observer: (observation) => {
        observed.push(observation);
        throw new Error("observer");
      },
    });
    await running.start();
    await running.submit("late", submission("run-1"));
    await quiet();
    expect(observed).toMatchObject([
      {
        name: "engine.program_missing",
        tenant: "acme",
        attributes: { key: "session-1", runId: "run-1", program: "late" },
      },
    ]);
    running.register("late", () => Promise.reject(new TypeError("bug")));
    await quiet();
    expect(names(observed)).toEqual(["engine.program_missing", "engine.run_failed"]);
    expect(await codeOf(running.result(submission("run-1"), never))).toBe("internal");
  });
});

/** What more runs left than an engine looks at when it only wants to know what is to be done. */
const oldRuns = Array.from({ length: 40 }, (_, index) => [
  encodeEngineEvent({ type: "run_submitted", runId: `old-${index}`, program: "record", input: null }, 1),
  encodeEngineEvent(
    { type: "run_ended_idle", runId: `old-${index}`, outcome: { ok: true, result: null } },
    1,
  ),
]).flat();

/** Who hands in a run, under which kind of id, and after how many waits. */
const handedIn = fc.record({
  engine: fc.nat({ max: 1 }),
  id: fc.constantFrom("new", "own", "old"),
  isFirst: fc.boolean(),
  after: fc.nat({ max: 12 }),
});

/** A new id is never used twice; one of the caller's own may be, and an old one is that of a run that ended. */
function submissionOf(
  { id, isFirst }: { readonly id: string; readonly isFirst: boolean },
  index: number,
): Submission {
  const isNewId = id === "new";
  return submission(`${id}-${isNewId ? index : index % 4}`, { isNewId, isFirst: isFirst && id !== "old" });
}

describe("two embedded engines on one store", () => {
  test("no submission is overlooked and none made twice, however their steps fall together, without time passing", async () => {
    const key = { tenant: "acme", stream: "engine/session-1" };
    const runs = fc.array(handedIn, { minLength: 1, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(fc.nat(), runs, fc.boolean(), async (seed, submitted, early) => {
        const wait = createWaits(seed);
        const memory = createMemoryJournal();
        const isLong = seed % 4 > 0 || submitted.some(({ id }) => id === "old");
        if (isLong) await memory.append(key, 0, oldRuns);
        const journal = createSlowJournal(memory, wait);
        const leases = createSlowLeases(createMemoryLeases(), wait);
        const clock = createManualClock();
        const made: string[] = [];
        let running = 0;
        let mostRunning = 0;
        const program = async (context: EngineContext): Promise<Json> =>
          await context.step("make", async () => {
            mostRunning = Math.max(mostRunning, ++running);
            await wait();
            made.push(context.runId);
            running--;
            return null;
          });
        const engines = [0, 1].map(() => createEmbeddedEngine({ journal, leases, clock }));
        for (const engine of engines) {
          engine.register("record", program, { beginsEarly: early });
          await engine.start();
        }
        const handingIn: Promise<boolean>[] = [];
        for (const [index, one] of submitted.entries()) {
          for (let left = one.after; left > 0; left--) await wait();
          const engine = engines[one.engine];
          if (engine !== undefined) handingIn.push(engine.submit("record", submissionOf(one, index)));
        }
        const wereNew = (await Promise.all(handingIn)).filter(Boolean).length;
        // Nobody asks for the results: that would wake the engines up.
        for (let left = 2_000; made.length < wereNew && left > 0; left--) await turn();
        // Whoever would make one again, does so now.
        await quiet();
        const written = (await readAll(journal, key))
          .slice(isLong ? oldRuns.length : 0)
          .map(decodeEngineEvent)
          .filter((event) => event?.type === "run_submitted")
          .map((event) => event?.runId);
        expect(made).toEqual(written);
        expect(new Set(made).size).toBe(wereNew);
        expect(mostRunning).toBeLessThanOrEqual(1);
        for (const engine of engines) await engine[Symbol.asyncDispose]();
        expect(clock.sleepers).toBe(0);
      }),
      { numRuns: 150 },
    );
  });
});
