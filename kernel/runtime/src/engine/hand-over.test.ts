import type { Json } from "@tau/core";
import { describe, expect, test } from "vitest";

import type { EngineContext, Program } from "../engine.ts";
import { abortOf, createGate, never, quiet, run, submission } from "../testing/engine-adapter.ts";
import { codeOf } from "../testing/journal-samples.ts";
import { names, pass, setUp } from "./store.test.support.ts";

/** A program that notes who made which run. */
function noting(made: string[], engine: string): Program {
  return async ({ runId }) => {
    made.push(`${engine} ${runId}`);
    return null;
  };
}

describe("a key of the embedded engine", () => {
  test("goes at once to whoever submits while it has no work, although the last holder lives", async () => {
    const { journal, leases, engine } = setUp();
    const made: string[] = [];
    await using first = engine();
    await using second = engine();
    for (const [name, one] of Object.entries({ first, second })) {
      one.register("note", noting(made, name));
      await one.start();
    }

    for (const [index, one] of [first, second, first, first, second].entries()) {
      await run(one, "note", submission(`run-${index}`));
    }

    expect(made).toEqual(["first run-0", "second run-1", "first run-2", "first run-3", "second run-4"]);
    // One lease for each engine, and two events for each run: who holds the key costs nothing more.
    expect(leases.asked).toHaveLength(2);
    expect(journal.appended).toHaveLength(10);
  });

  test("K2. stays with the holder that has work, which also makes what others submit meanwhile", async () => {
    const { engine, clock } = setUp();
    const made: string[] = [];
    const gate = createGate();
    await using first = engine();
    await using second = engine();
    for (const [name, one] of Object.entries({ first, second })) {
      one.register("slow", async (context, input) => {
        await gate.opened;
        return await noting(made, name)(context, input);
      });
      await one.start();
    }
    await first.submit("slow", submission("run-1"));
    await second.submit("slow", submission("run-2"));
    let passed = 0;
    await pass(clock, () => ++passed > 200);

    gate.open();
    await first.result(submission("run-2"), never);

    expect(made).toEqual(["first run-1", "first run-2"]);
  });

  test("K1. is lost to another engine by what that writes, also when nobody told of the lost lease", async () => {
    const { journal, leases, clock, observed, engine } = setUp();
    const [begun, gate] = [createGate(), createGate()];
    const codes: string[] = [];
    await using first = engine();
    first.register("slow", async (context) => {
      begun.open();
      await gate.opened;
      codes.push(await codeOf(context.sleep("nap", 1)), await codeOf(abortOf(context).then(throwIt)));
      return "the first must not be written";
    });
    await first.start();
    await using second = engine();
    second.register("slow", async () => "second");
    await second.start();
    await first.submit("slow", submission("run-1"));
    await begun.opened;
    await second.submit("slow", submission("run-2"));

    await leases.freeAll();
    await pass(clock, () => journal.appended.at(-1)?.endsWith("run_ended_idle") === true);
    gate.open();
    await quiet();

    expect(await second.result(submission("run-1"), never)).toBe("second");
    expect(codes).toEqual(["engine.lease_lost", "engine.lease_lost"]);
    expect(journal.appended.map((line) => line.split(" ")[1])).toEqual([
      "run_submitted",
      "run_submitted",
      "key_claimed",
      "run_ended",
      "run_ended_idle",
    ]);
    expect(names(observed)).toContain("engine.lease_lost");
  });

  test("is left to others when its next run needs a program that only they have", async () => {
    const { journal, clock, engine } = setUp();
    await using first = engine();
    const gate = createGate();
    first.register("slow", async () => {
      await gate.opened;
      return null;
    });
    await first.start();
    await using second = engine();
    second.register("greet", async ({ runId }: EngineContext): Promise<Json> => `hello ${runId}`);
    await second.start();
    await first.submit("slow", submission("run-1"));
    await second.submit("greet", submission("run-2"));
    gate.open();
    await first.result(submission("run-1"), never);
    await quiet();

    expect(journal.appended.at(-1)).toBe("engine/session-1 key_released");
    await pass(clock, () => journal.appended.at(-1)?.endsWith("run_ended_idle") === true);
    expect(await second.result(submission("run-2"), never)).toBe("hello run-2");
  });

  test("is given back, and its engine's lease too, when the engine ends or has no work for long", async () => {
    const { leases, clock, engine, journal } = setUp();
    const idle = engine({ scanEveryMs: 60_000 });
    idle.register("greet", async () => "hello");
    await idle.start();
    await run(idle, "greet", submission("run-1"));
    await quiet();
    const [owner = ""] = leases.asked;
    expect(await leases.acquire("acme", owner)).toBeUndefined();
    clock.advance(60_000);
    await quiet();
    await using free = await leases.acquire("acme", owner);
    expect(free).toBeDefined();
    expect(await run(idle, "greet", submission("run-2"))).toBe("hello");
    const again = leases.asked.at(-1) ?? "";

    idle.register("wait", async (context) => await context.wait("never"));
    await idle.submit("wait", submission("run-3"));
    await idle[Symbol.asyncDispose]();
    expect(journal.appended.at(-1)).toBe("engine/session-1 key_released");
    await using last = await leases.acquire("acme", again);
    expect(last).toBeDefined();
  });
});

function throwIt(reason: unknown): never {
  throw reason;
}
