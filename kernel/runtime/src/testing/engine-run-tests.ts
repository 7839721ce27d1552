import { TauError } from "@tau/core";
import { expect, test } from "vitest";

import { createGate, never, quiet, resultOf, run, startEngine, submission } from "./engine-adapter.ts";
import type { EngineAdapter } from "./engine-adapter.ts";
import { codeOf, naughtyTenants } from "./journal-samples.ts";

/** Submitting runs, and what comes of them. */
export function engineRunTests({ open }: EngineAdapter): void {
  test("a run's result is what its program made of the input", async () => {
    await using world = await open();
    await using engine = await startEngine(world, {
      greet: async ({ tenant, key, runId }, input) => ({ tenant, key, runId, input }),
    });
    const what = submission("run-1", { input: { text: "hä?", list: [1, null, true] } });
    expect(await run(engine, "greet", what)).toEqual({
      tenant: "acme",
      key: "session-1",
      runId: "run-1",
      input: { text: "hä?", list: [1, null, true] },
    });
  });

  test("a result can be asked for later, again, and of another engine on the store", async () => {
    await using world = await open();
    {
      await using engine = await startEngine(world, { greet: async () => ["hello"] });
      await run(engine, "greet", submission("run-1"));
      await run(engine, "greet", submission("run-2"));
      expect(await engine.result(submission("run-1"), never)).toEqual(["hello"]);
    }
    await using other = await world.openEngine();
    expect(await other.result(submission("run-1"), never)).toEqual(["hello"]);
    expect(await other.result(submission("run-2"), never)).toEqual(["hello"]);
  });

  test("others see whether somebody who lives has the runs of a key", async () => {
    await using world = await open();
    const gate = createGate();
    const key = { tenant: "acme", key: "session-1" };
    await using other = await world.openEngine();
    expect(await other.isHeld(key)).toBe(false);
    {
      await using engine = await startEngine(world, {
        slow: async ({ signal }) => {
          await gate.opened;
          signal.throwIfAborted();
          return null;
        },
      });
      await engine.submit("slow", submission("run-1"));
      expect(await other.isHeld(key)).toBe(true);
      expect(await engine.isHeld(key)).toBe(true);
      expect(await other.isHeld({ ...key, key: "session-2" })).toBe(false);
      const leaving = engine[Symbol.asyncDispose]();
      gate.open();
      await leaving;
    }
    expect(await other.isHeld(key)).toBe(false);
    await using next = await startEngine(world, { slow: async () => 7 });
    expect(await resultOf(world, next, submission("run-1"))).toBe(7);
    expect(await other.isHeld(key)).toBe(false);
  });

  test("another engine hears of the result while it waits for it", async () => {
    await using world = await open();
    const gate = createGate();
    await using engine = await startEngine(world, {
      slow: async () => {
        await gate.opened;
        return 7;
      },
    });
    await engine.submit("slow", submission("run-1"));
    await using other = await world.openEngine();
    const heard = other.result(submission("run-1"), never);
    await quiet();
    gate.open();
    expect(await heard).toBe(7);
  });

  test("a program's error arrives with its code, class, message and the time to wait", async () => {
    await using world = await open();
    await using engine = await startEngine(world, {
      fail: async () => {
        throw new TauError("model.rate_limited", "Too many.", { class: "rate_limited", retryAfterMs: 250 });
      },
    });
    const expected = {
      code: "model.rate_limited",
      message: "Too many.",
      class: "rate_limited",
      retryAfterMs: 250,
    };
    await engine.submit("fail", submission("run-1"));
    await expect(engine.result(submission("run-1"), never)).rejects.toMatchObject(expected);
    await using other = await world.openEngine();
    await expect(other.result(submission("run-1"), never)).rejects.toMatchObject(expected);
  });

  test("a bug in a program ends its run as internal, without the bug's words, and the next run goes on", async () => {
    await using world = await open();
    await using engine = await startEngine(world, {
      fail: () => {
        throw new TypeError("secret");
      },
      greet: async () => "hello",
    });
    await engine.submit("fail", submission("run-1"));
    await engine.submit("greet", submission("run-2"));
    const failure = await engine.result(submission("run-1"), never).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: "internal" });
    expect(String(failure)).not.toContain("secret");
    expect(await engine.result(submission("run-2"), never)).toBe("hello");
  });

  test("submitting a run again changes nothing: before it begins, while it runs, after it, elsewhere", async () => {
    await using world = await open();
    let runs = 0;
    const programs = {
      count: async (): Promise<number> => {
        await quiet();
        return ++runs;
      },
    };
    await using engine = await startEngine(world, programs);
    const isNew = [
      ...(await Promise.all([
        engine.submit("count", submission("run-1")),
        engine.submit("count", submission("run-1")),
      ])),
      await engine.submit("count", submission("run-1", { input: "other" })),
    ];
    expect(await engine.result(submission("run-1"), never)).toBe(1);
    isNew.push(await engine.submit("count", submission("run-1")));
    await using other = await startEngine(world, programs);
    isNew.push(await other.submit("count", submission("run-1")));
    expect(isNew).toEqual([true, false, false, false, false]);
    expect(await resultOf(world, other, submission("run-1"))).toBe(1);
    expect(await run(engine, "count", submission("run-2"))).toBe(2);
  });

  test("a run that nobody submitted is not found", async () => {
    await using world = await open();
    await using engine = await startEngine(world, { greet: async () => null });
    await run(engine, "greet", submission("run-1"));
    for (const what of [
      submission("run-2"),
      submission("run-1", { key: "session-2" }),
      submission("run-1", { tenant: "other" }),
    ]) {
      expect(await codeOf(engine.result(what, never))).toBe("engine.not_found");
      expect(await codeOf(engine.signal(what, "go", null))).toBe("engine.not_found");
      expect(await codeOf(engine.cancel(what, "no more"))).toBe("engine.not_found");
    }
  });

  test("runs of two tenants with the same key and id know nothing of each other", async () => {
    await using world = await open();
    const gate = createGate();
    await using engine = await startEngine(world, {
      echo: async ({ tenant }, input) => {
        if (tenant === "acme") await gate.opened;
        return input;
      },
    });
    await engine.submit("echo", submission("run-1", { input: "a" }));
    expect(await run(engine, "echo", submission("run-1", { tenant: "other", input: "b" }))).toBe("b");
    gate.open();
    expect(await engine.result(submission("run-1"), never)).toBe("a");
  });

  test("what was submitted before the engine started, and before its program was registered, is run then", async () => {
    await using world = await open();
    await using engine = await world.openEngine();
    engine.register("early", async () => "early");
    await engine.submit("early", submission("run-1"));
    await engine.submit("late", submission("run-2"));
    await engine.submit("early", submission("run-3"));
    await engine.start();
    await engine.start();
    expect(await engine.result(submission("run-1"), never)).toBe("early");
    const last = engine.result(submission("run-3"), never);
    await quiet();
    const begun = createGate();
    engine.register("late", async () => {
      begun.open();
      return "late";
    });
    await begun.opened;
    expect(await resultOf(world, engine, submission("run-2"))).toBe("late");
    expect(await last).toBe("early");
  });

  test("two programs of one name are refused", async () => {
    await using world = await open();
    await using engine = await startEngine(world, { greet: async () => 1 });
    const again = async (): Promise<void> => engine.register("greet", async () => 2);
    expect(await codeOf(again())).toBe("engine.duplicate_program");
    expect(await run(engine, "greet", submission("run-1"))).toBe(1);
  });

  test("who gives up waiting for a result gets the reason, and the run goes on", async () => {
    await using world = await open();
    const gate = createGate();
    await using engine = await startEngine(world, {
      slow: async () => {
        await gate.opened;
        return 7;
      },
    });
    await engine.submit("slow", submission("run-1"));
    const impatient = new AbortController();
    const first = engine.result(submission("run-1"), impatient.signal);
    const second = engine.result(submission("run-1"), never);
    await quiet();
    impatient.abort(new TauError("test.bored", "Enough.", { class: "cancelled" }));
    expect(await codeOf(first)).toBe("test.bored");
    expect(await codeOf(engine.result(submission("run-1"), impatient.signal))).toBe("test.bored");
    gate.open();
    expect(await second).toBe(7);
  });

  test.each(naughtyTenants)("tenant %j is refused", async (tenant) => {
    await using world = await open();
    await using engine = await world.openEngine();
    expect(await codeOf(engine.submit("greet", submission("run-1", { tenant })))).toBe(
      "context.invalid_tenant",
    );
  });
}
