import { setImmediate as turn } from "node:timers/promises";

import type { Json } from "@tau/core";
import fc from "fast-check";
import { expect, test } from "vitest";

import type { Engine, EngineContext } from "../engine.ts";
import {
  createGate,
  never,
  quiet,
  resultOf,
  startEngine,
  submission,
  whilePassing,
} from "./engine-adapter.ts";
import type { EngineAdapter, Gate } from "./engine-adapter.ts";

const keys = ["a", "b", "c"] as const;

const submissionCommand = fc.record({
  key: fc.constantFrom(...keys),
  second: fc.boolean(),
  ticks: fc.nat({ max: 3 }),
});

/** Records what runs when. */
interface Recorder {
  readonly started: Map<string, string[]>;
  readonly overlaps: string[];
  readonly program: (context: EngineContext, input: Json) => Promise<Json>;
}

function createRecorder(): Recorder {
  const started = new Map<string, string[]>();
  const running = new Set<string>();
  const overlaps: string[] = [];
  return {
    started,
    overlaps,
    program: async ({ key, runId }, input) => {
      if (running.has(key)) overlaps.push(runId);
      running.add(key);
      started.set(key, [...(started.get(key) ?? []), runId]);
      for (let tick = 0; tick < Number(input); tick++) await turn();
      running.delete(key);
      return runId;
    },
  };
}

/** The order of runs, in one engine and in several on one store. */
export function engineOrderTests({ open }: EngineAdapter): void {
  test("runs of one key happen one at a time, in the order of submission; keys do not wait for each other", async () => {
    await using world = await open();
    const recorder = createRecorder();
    const gate = createGate();
    await using engine = await startEngine(world, {
      record: recorder.program,
      slow: async () => {
        await gate.opened;
        return null;
      },
    });
    await engine.submit("slow", submission("slow", { key: "other" }));
    const ids = Array.from({ length: 30 }, (_, index) => `run-${index}`);
    await Promise.all(ids.map((id) => engine.submit("record", submission(id, { input: 2 }))));
    await engine.result(submission("run-29"), never);
    expect(recorder.started.get("session-1")).toEqual(ids);
    expect(recorder.overlaps).toEqual([]);
    gate.open();
  });

  test("however runs are submitted to two engines on a store, none overlap and none change places", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(submissionCommand, { maxLength: 25 }), async (commands) => {
        await using world = await open();
        const recorder = createRecorder();
        await using first = await startEngine(world, { record: recorder.program });
        await using second = await startEngine(world, { record: recorder.program });
        const wanted = new Map<string, string[]>();
        const submitted = new Map<string, { readonly engine: Engine; readonly all: Promise<boolean>[] }>();
        for (const [index, { key, second: isSecond, ticks }] of commands.entries()) {
          const engine = isSecond ? second : first;
          const before = submitted.get(key);
          // Between engines only what was acknowledged has a place in the order.
          if (before !== undefined && before.engine !== engine) await Promise.all(before.all);
          const runId = `run-${index}`;
          const one = engine.submit("record", submission(runId, { key, input: ticks }));
          submitted.set(key, { engine, all: [...(before?.all ?? []), one] });
          wanted.set(key, [...(wanted.get(key) ?? []), runId]);
          if (ticks === 0) await turn();
        }
        for (const { all } of submitted.values()) await Promise.all(all);
        for (const [key, runIds] of wanted) {
          const last = submission(runIds.at(-1) ?? "", { key });
          expect(await resultOf(world, second, last)).toBe(last.runId);
        }
        expect(recorder.started).toEqual(wanted);
        expect(recorder.overlaps).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });

  test("a run that is submitted elsewhere is made by the engine that has its key", async () => {
    await using world = await open();
    const made: string[] = [];
    const gate = createGate();
    const begun = createGate();
    const program =
      (engine: string) =>
      async (context: EngineContext): Promise<Json> => {
        made.push(`${engine} ${context.runId}`);
        begun.open();
        await gate.opened;
        return null;
      };
    await using first = await startEngine(world, { slow: program("first") });
    await first.submit("slow", submission("run-1"));
    await begun.opened;
    await using second = await startEngine(world, { slow: program("second") });
    await second.submit("slow", submission("run-2"));
    const last = second.result(submission("run-2"), never);
    await quiet();
    gate.open();
    await last;
    expect(made).toEqual(["first run-1", "first run-2"]);
  });

  test("an engine takes over what another one left, without being started again", async () => {
    await using world = await open();
    const waiting = createGate();
    const takenOver = createGate();
    const ask =
      (gate: Gate) =>
      async (context: EngineContext): Promise<Json> => {
        gate.open();
        return await context.wait("go");
      };
    const first = await startEngine(world, { ask: ask(waiting) });
    await first.submit("ask", submission("run-1"));
    await waiting.opened;
    await using second = await startEngine(world, { ask: ask(takenOver) });
    await whilePassing(world, first[Symbol.asyncDispose]());
    await whilePassing(world, takenOver.opened);
    await second.signal(submission("run-1"), "go", "taken over");
    expect(await resultOf(world, second, submission("run-1"))).toBe("taken over");
  });

  test("the next engine takes up every key and tenant that has something left, and nothing else", async () => {
    await using world = await open();
    const made: string[] = [];
    const allMade = createGate();
    const left = ["acme", "other"].flatMap((tenant) =>
      keys.flatMap((key) => ["run-1", "run-2"].map((runId) => submission(runId, { tenant, key }))),
    );
    const programs = {
      record: async ({ tenant, key, runId }: EngineContext): Promise<Json> => {
        made.push(`${tenant} ${key} ${runId}`);
        if (made.length === left.length) allMade.open();
        return null;
      },
    };
    {
      await using first = await startEngine(world, programs);
      await first.submit("record", submission("done"));
      await first.result(submission("done"), never);
    }
    made.length = 0;
    {
      await using door = await world.openEngine();
      for (const what of left) await door.submit("record", what);
    }
    await using second = await startEngine(world, programs);
    // Nobody asks it for anything.
    await whilePassing(world, allMade.opened);
    for (const what of left) await resultOf(world, second, what);
    expect(made.toSorted()).toEqual(
      left.map(({ tenant, key, runId }) => `${tenant} ${key} ${runId}`).toSorted(),
    );
  });
}
