import type { Json } from "@tau/core";
import { isTauError } from "@tau/core";
import { expect, test } from "vitest";

import type { EngineContext } from "../engine.ts";
import {
  abortOf,
  createGate,
  never,
  quiet,
  resultOf,
  startEngine,
  submission,
  whilePassing,
} from "./engine-adapter.ts";
import type { EngineAdapter } from "./engine-adapter.ts";
import { codeOf } from "./journal-samples.ts";

/** Cancelling, stopping and going on elsewhere. */
export function engineCancelTests({ open }: EngineAdapter): void {
  test("cancelling aborts the run's signal with the reason; the program says how it ends", async () => {
    await using world = await open();
    const begun = createGate();
    await using engine = await startEngine(world, {
      slow: async (context) => {
        begun.open();
        const reason = await abortOf(context);
        const written = await context.step("end", async () => "written");
        return isTauError(reason) ? [reason.code, reason.class, reason.message, written] : null;
      },
    });
    await engine.submit("slow", submission("run-1"));
    await begun.opened;
    await engine.cancel(submission("run-1"), "not wanted");
    await engine.cancel(submission("run-1"), "second thoughts");
    expect(await engine.result(submission("run-1"), never)).toEqual([
      "engine.cancelled",
      "cancelled",
      expect.stringContaining("not wanted"),
      "written",
    ]);
  });

  test.each<[string, (context: EngineContext) => Promise<Json | void>]>([
    ["a wait", (context) => context.wait("go")],
    ["a wait with a limit", (context) => context.wait("go", { timeoutMs: 86_400_000 })],
    ["a sleep", (context) => context.sleep("nap", 86_400_000)],
  ])("cancelling ends %s, here and from another engine", async (_, idle) => {
    await using world = await open();
    const begun = [createGate(), createGate()];
    await using engine = await startEngine(world, {
      idle: async (context, input) => {
        begun[Number(input)]?.open();
        await idle(context);
        return "not reached";
      },
    });
    await using other = await world.openEngine();
    for (const [index, from] of [engine, other].entries()) {
      const what = submission(`run-${index}`, { input: index });
      await engine.submit("idle", what);
      await begun[index]?.opened;
      await quiet();
      await from.cancel(what, "not wanted");
      expect(await codeOf(engine.result(what, never))).toBe("engine.cancelled");
    }
  });

  test("a run that was cancelled before it began begins with an aborted signal, and can write its end", async () => {
    await using world = await open();
    const gate = createGate();
    const programs = {
      slow: async (): Promise<null> => {
        await gate.opened;
        return null;
      },
      look: async (context: EngineContext): Promise<Json> => [
        context.signal.aborted,
        await codeOf(context.wait("go")),
        await codeOf(context.sleep("nap", 1)),
        await context.step("end", async ({ idempotencyKey }) => idempotencyKey),
      ],
    };
    await using engine = await startEngine(world, programs);
    await engine.submit("slow", submission("run-1"));
    await engine.submit("look", submission("run-2"));
    await engine.signal(submission("run-2"), "go", "a signal does not beat a cancel");
    await engine.cancel(submission("run-2"), "not wanted");
    gate.open();
    expect(await engine.result(submission("run-2"), never)).toEqual([
      true,
      "engine.cancelled",
      "engine.cancelled",
      "run-2:end",
    ]);
  });

  test("a cancel is kept over a restart", async () => {
    await using world = await open();
    {
      await using door = await world.openEngine();
      await door.submit("look", submission("run-1"));
      await door.cancel(submission("run-1"), "not wanted");
    }
    await using engine = await startEngine(world, { look: async ({ signal }) => signal.aborted });
    expect(await engine.result(submission("run-1"), never)).toBe(true);
  });

  test("disposing aborts with engine.stopped; what throws then is replayed by the next engine, in order", async () => {
    await using world = await open();
    const begun = createGate();
    const reasons: unknown[] = [];
    const order: string[] = [];
    let isFirst = true;
    const programs = {
      slow: async (context: EngineContext): Promise<Json> => {
        order.push(context.runId);
        if (!isFirst) return context.step("one", async ({ idempotencyKey }) => idempotencyKey);
        begun.open();
        reasons.push(await abortOf(context));
        throw new Error("whatever it throws when it is told to stop");
      },
    };
    const first = await startEngine(world, programs);
    await first.submit("slow", submission("run-1"));
    await first.submit("slow", submission("run-2"));
    await begun.opened;
    const waiting = codeOf(first.result(submission("run-1"), never));
    await quiet();
    await whilePassing(world, first[Symbol.asyncDispose]());
    await first[Symbol.asyncDispose]();
    expect(reasons).toMatchObject([{ code: "engine.stopped" }]);
    expect(await waiting).toBe("engine.stopped");
    isFirst = false;
    await using second = await startEngine(world, programs);
    expect(await resultOf(world, second, submission("run-1"))).toBe("run-1:one");
    expect(await resultOf(world, second, submission("run-2"))).toBe("run-2:one");
    expect(order).toEqual(["run-1", "run-1", "run-2"]);
  });

  test("a program that returns when it is told to stop has ended", async () => {
    await using world = await open();
    const begun = createGate();
    let runs = 0;
    const programs = {
      slow: async (context: EngineContext): Promise<Json> => {
        begun.open();
        if (++runs === 1) await abortOf(context);
        return runs;
      },
    };
    {
      await using first = await startEngine(world, programs);
      await first.submit("slow", submission("run-1"));
      await begun.opened;
    }
    await using second = await startEngine(world, programs);
    expect(await resultOf(world, second, submission("run-1"))).toBe(1);
  });

  test("waits, sleeps, steps and calls end with engine.stopped, and an engine that was disposed takes nothing", async () => {
    await using world = await open();
    const codes: string[] = [];
    const begun = createGate();
    const engine = await startEngine(world, {
      idle: async (context) => {
        begun.open();
        const ended = [context.wait("go"), context.sleep("nap", 86_400_000)].map(codeOf);
        codes.push(...(await Promise.all(ended)));
        codes.push(await codeOf(context.step("one", async () => null)));
        codes.push(await codeOf(context.call("idle", submission("child", { key: "child" }))));
        throw context.signal.reason;
      },
    });
    await engine.submit("idle", submission("run-1"));
    await begun.opened;
    await quiet();
    await whilePassing(world, engine[Symbol.asyncDispose]());
    expect(codes).toEqual(Array.from({ length: 4 }, () => "engine.stopped"));
    expect(await codeOf(engine.submit("idle", submission("run-2")))).toBe("engine.stopped");
    expect(await codeOf(engine.result(submission("run-1"), never))).toBe("engine.stopped");
    expect(await codeOf(engine.signal(submission("run-1"), "go", null))).toBe("engine.stopped");
    expect(await codeOf(engine.cancel(submission("run-1"), "no"))).toBe("engine.stopped");
    expect(await codeOf(engine.start())).toBe("engine.stopped");
  });
}
