import type { Json } from "@tau/core";
import { expect, test } from "vitest";

import type { EngineContext } from "../engine.ts";
import {
  createGate,
  never,
  quiet,
  resultOf,
  run,
  startEngine,
  submission,
  whilePassing,
} from "./engine-adapter.ts";
import type { EngineAdapter } from "./engine-adapter.ts";

/** Timers and signals. */
export function engineTimeTests({ open }: EngineAdapter): void {
  test("a sleep takes its time", async () => {
    await using world = await open();
    await using engine = await startEngine(world, {
      nap: async (context) => {
        const before = world.now();
        await context.sleep("nap", 1_500);
        return world.now() - before;
      },
    });
    await engine.submit("nap", submission("run-1"));
    expect(await resultOf(world, engine, submission("run-1"))).toBeGreaterThanOrEqual(1_500);
  });

  test("a sleep goes on over a restart, and does not begin again", async () => {
    await using world = await open();
    const wakes: number[] = [];
    const asleep = createGate();
    const programs = {
      nap: async (context: EngineContext): Promise<Json> => {
        asleep.open();
        await context.sleep("nap", 2_000);
        wakes.push(world.now());
        return "awake";
      },
    };
    const began = world.now();
    {
      await using first = await startEngine(world, programs);
      await first.submit("nap", submission("run-1"));
      await asleep.opened;
      await quiet();
      await world.advance(1_200);
    }
    await using second = await startEngine(world, programs);
    const restarted = world.now();
    await quiet();
    await world.advance(400);
    await quiet();
    expect(wakes).toEqual([]);
    expect(await resultOf(world, second, submission("run-1"))).toBe("awake");
    expect(wakes[0]).toBeGreaterThanOrEqual(began + 2_000);
    expect(wakes[0]).toBeLessThan(restarted + 2_000);
  });

  test("a signal that came before the wait is its answer, also for a run that has not begun", async () => {
    await using world = await open();
    await using engine = await world.openEngine();
    engine.register("ask", async (context) => await context.wait("go"));
    await engine.submit("ask", submission("run-1"));
    await engine.signal(submission("run-1"), "other", "no");
    await engine.signal(submission("run-1"), "go", { by: "anna", list: [1, "ü"] });
    await engine.start();
    expect(await engine.result(submission("run-1"), never)).toEqual({ by: "anna", list: [1, "ü"] });
  });

  test("a signal that comes after the wait is its answer; only the first of a name counts", async () => {
    await using world = await open();
    const waiting = createGate();
    await using engine = await startEngine(world, {
      ask: async (context) => {
        waiting.open();
        const both = await Promise.all([context.wait("go"), context.wait("go", { timeoutMs: 3_600_000 })]);
        return [...both, await context.wait("go"), await context.wait("null")];
      },
    });
    await engine.submit("ask", submission("run-1"));
    await waiting.opened;
    await quiet();
    await engine.signal(submission("run-1"), "go", 1);
    await engine.signal(submission("run-1"), "go", 2);
    await engine.signal(submission("run-1"), "null", null);
    expect(await engine.result(submission("run-1"), never)).toEqual([1, 1, 1, null]);
  });

  test("a signal may come from another engine, and from one that never started", async () => {
    await using world = await open();
    const waiting = createGate();
    await using engine = await startEngine(world, {
      ask: async (context) => {
        waiting.open();
        return await context.wait("go");
      },
    });
    await engine.submit("ask", submission("run-1"));
    await waiting.opened;
    await using other = await world.openEngine();
    await other.signal(submission("run-1"), "go", "from afar");
    expect(await engine.result(submission("run-1"), never)).toBe("from afar");
  });

  test("a signal that came while no engine ran is there after the restart", async () => {
    await using world = await open();
    const programs = { ask: async (context: EngineContext): Promise<Json> => await context.wait("go") };
    {
      await using first = await startEngine(world, programs);
      await first.submit("ask", submission("run-1"));
      await quiet();
    }
    {
      await using door = await world.openEngine();
      await door.signal(submission("run-1"), "go", 5);
    }
    await using second = await startEngine(world, programs);
    expect(await resultOf(world, second, submission("run-1"))).toBe(5);
  });

  test("a wait without its signal ends with null after its time, which a restart does not prolong", async () => {
    await using world = await open();
    const answers: Json[] = [];
    const ends: number[] = [];
    const waiting = createGate();
    const programs = {
      ask: async (context: EngineContext): Promise<Json> => {
        waiting.open();
        answers.push(await context.wait("go", { timeoutMs: 2_000 }));
        ends.push(world.now());
        return answers;
      },
    };
    {
      await using first = await startEngine(world, programs);
      await first.submit("ask", submission("run-1"));
      await waiting.opened;
      await quiet();
      await world.advance(1_500);
    }
    await using second = await startEngine(world, programs);
    const restarted = world.now();
    await quiet();
    expect(answers).toEqual([]);
    expect(await resultOf(world, second, submission("run-1"))).toEqual([null]);
    expect(ends[0]).toBeLessThan(restarted + 2_000);
  });

  test("a signal that comes too late changes nothing, also when the run is replayed", async () => {
    await using world = await open();
    const expired = createGate();
    const programs = {
      ask: async (context: EngineContext): Promise<Json> => {
        const answer = [
          await context.wait("go", { timeoutMs: 0 }),
          await context.wait("go", { timeoutMs: 50 }),
        ];
        expired.open();
        await context.wait("end");
        return [...answer, await context.wait("go")];
      },
    };
    {
      await using first = await startEngine(world, programs);
      await first.submit("ask", submission("run-1"));
      await whilePassing(world, expired.opened);
      await first.signal(submission("run-1"), "go", "late");
    }
    await using second = await startEngine(world, programs);
    await second.signal(submission("run-1"), "end", null);
    expect(await resultOf(world, second, submission("run-1"))).toEqual([null, null, null]);
  });

  test("a signal to a run that ended changes nothing", async () => {
    await using world = await open();
    await using engine = await startEngine(world, { greet: async () => "hello" });
    await run(engine, "greet", submission("run-1"));
    await engine.signal(submission("run-1"), "go", 1);
    await engine.cancel(submission("run-1"), "too late");
    expect(await engine.result(submission("run-1"), never)).toBe("hello");
  });
}
