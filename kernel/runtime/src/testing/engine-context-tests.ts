import type { Json } from "@tau/core";
import { expect, test } from "vitest";

import type { EngineContext } from "../engine.ts";
import {
  abortOf,
  createGate,
  never,
  quiet,
  resultOf,
  run,
  startEngine,
  submission,
} from "./engine-adapter.ts";
import type { EngineAdapter } from "./engine-adapter.ts";
import { codeOf } from "./journal-samples.ts";

/** Steps and calls. */
export function engineContextTests({ open }: EngineAdapter): void {
  test("a step answers what its function made, under a key that names run and step", async () => {
    await using world = await open();
    await using engine = await startEngine(world, {
      steps: async (context) => [
        await context.step("one", async ({ idempotencyKey }) => idempotencyKey),
        await context.step("two", async ({ signal }) => signal.aborted),
      ],
    });
    expect(await run(engine, "steps", submission("run-1"))).toEqual(["run-1:one", false]);
  });

  test("a step's error reaches the program", async () => {
    await using world = await open();
    await using engine = await startEngine(world, {
      steps: async (context) =>
        await context
          .step("one", () => Promise.reject(new RangeError("too far")))
          .catch((error: unknown) => String(error)),
    });
    expect(await run(engine, "steps", submission("run-1"))).toBe("RangeError: too far");
  });

  test("a name serves one step and one sleep of a run, and again in the next run", async () => {
    await using world = await open();
    await using engine = await startEngine(world, {
      steps: async (context): Promise<Json> => {
        await context.step("one", async () => null);
        await context.sleep("one", 0);
        return [await codeOf(context.step("one", async () => null)), await codeOf(context.sleep("one", 0))];
      },
    });
    const twice = ["engine.duplicate_step", "engine.duplicate_step"];
    expect(await run(engine, "steps", submission("run-1"))).toEqual(twice);
    expect(await run(engine, "steps", submission("run-2"))).toEqual(twice);
  });

  test("a call answers the result or the error of a run under another key", async () => {
    await using world = await open();
    await using engine = await startEngine(world, {
      double: async (_, input) => Number(input) * 2,
      fail: () => Promise.reject(new TypeError("no")),
      parent: async (context): Promise<Json> => [
        await context.call("double", submission("child-1", { key: "child", input: 21 })),
        await codeOf(context.call("fail", submission("child-2", { key: "child" }))),
      ],
    });
    expect(await run(engine, "parent", submission("run-1"))).toEqual([42, "internal"]);
    expect(await engine.result(submission("child-1", { key: "child" }), never)).toBe(42);
  });

  test("a call of the caller's own key is refused", async () => {
    await using world = await open();
    await using engine = await startEngine(world, {
      parent: async (context) => await codeOf(context.call("parent", submission("run-2"))),
    });
    expect(await run(engine, "parent", submission("run-1"))).toBe("engine.same_key");
  });

  test("a call made before a restart is not made again", async () => {
    await using world = await open();
    let children = 0;
    const begun = createGate();
    const programs = {
      child: async (): Promise<number> => ++children,
      parent: async (context: EngineContext): Promise<Json> => {
        const answer = await context.call("child", submission("child-1", { key: "child" }));
        begun.open();
        await context.wait("go");
        return answer;
      },
    };
    {
      await using first = await startEngine(world, programs);
      await first.submit("parent", submission("run-1"));
      await begun.opened;
    }
    await using second = await startEngine(world, programs);
    await second.signal(submission("run-1"), "go", null);
    expect(await resultOf(world, second, submission("run-1"))).toBe(1);
    expect(children).toBe(1);
  });

  test("cancelling a run cancels what it called", async () => {
    await using world = await open();
    const begun = createGate();
    await using engine = await startEngine(world, {
      child: async (context) => {
        begun.open();
        throw await abortOf(context);
      },
      parent: async (context) => await context.call("child", submission("child-1", { key: "child" })),
    });
    await engine.submit("parent", submission("run-1"));
    await begun.opened;
    await engine.cancel(submission("run-1"), "enough");
    expect(await codeOf(engine.result(submission("run-1"), never))).toBe("engine.cancelled");
    expect(await codeOf(engine.result(submission("child-1", { key: "child" }), never))).toBe(
      "engine.cancelled",
    );
    await quiet();
  });
}
