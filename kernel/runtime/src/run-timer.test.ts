import { TauError } from "@tau/core";
import { describe, expect, test } from "vitest";

import { createRunTimer } from "./run-timer.ts";
import {
  echoTool,
  memoryStore,
  ofType,
  openHarness,
  policyOf,
  sessionId,
} from "./runtime-harness.test.support.ts";
import { createManualClock } from "./testing/manual-clock.ts";

const isFinished = (event: { readonly type: string }): boolean => event.type === "run_finished";
const never = new AbortController().signal;

describe("createRunTimer()", () => {
  test("does not count the time in which the run waits", async () => {
    const clock = createManualClock();
    await using timer = createRunTimer({
      signal: never,
      clock,
      maxDurationMs: 100,
      spentMs: 30,
      deadline: undefined,
    });

    clock.advance(60);
    await timer.whilePaused(async () => clock.advance(1_000_000));
    clock.advance(9);
    await new Promise(setImmediate);
    expect(timer.signal.aborted).toBe(false);

    clock.advance(1);
    await new Promise(setImmediate);
    expect(timer.signal.reason).toMatchObject({ code: "run.time_limit" });
  });

  test("counts the time to the deadline also while the run waits", async () => {
    const clock = createManualClock();
    const deadline = clock.now() + 50;
    await using timer = createRunTimer({ signal: never, clock, maxDurationMs: 100, spentMs: 0, deadline });

    await timer.whilePaused(async () => clock.advance(50));
    await new Promise(setImmediate);

    expect(timer.signal.reason).toMatchObject({ code: "run.deadline" });
  });

  test("ends a run at the deadline of its caller, though it waits for a person", async () => {
    await using harness = await openHarness({
      turns: [{ calls: [{ name: "write" }] }],
      tools: [echoTool("write", { sideEffect: "irreversible" })],
      policy: policyOf({ write: "ask" }),
    });

    const events = await harness.run("Go", { deadline: Date.now() + 100 });

    expect(ofType(events, "run_finished")[0]).toMatchObject({ status: "cancelled", reason: "deadline" });
  });

  test("ends a run as its deadline does where the pipeline around its model sees it pass first", async () => {
    const passed = new TauError("pipeline.deadline", "Passed.", { class: "cancelled" });
    await using harness = await openHarness({ turns: [() => Promise.reject(passed)] });

    const events = await harness.run("Go", { deadline: Date.now() + 600_000 });

    expect(ofType(events, "run_finished")[0]).toMatchObject({ status: "cancelled", reason: "deadline" });
  });

  test("counts what the run spent before a restart", async () => {
    const store = memoryStore();
    const limits = { maxDurationMs: 60_000 };
    const begun = Promise.withResolvers<void>();
    let later = 0;
    const turns = [
      { calls: [{ name: "think" }] },
      () => {
        begun.resolve();
        return new Promise<never>(() => undefined);
      },
    ];
    // The clock jumps while the tool runs, but the timer's sleep does not hear of it: the process ends first.
    const think = echoTool("think", { run: () => `${(later += 120_000)}` });
    const clock = {
      now: () => Date.now() + later,
      sleep: (_: number, signal: AbortSignal) =>
        new Promise<never>((_resolve, reject) =>
          signal.addEventListener("abort", () => reject(signal.reason)),
        ),
    };
    {
      await using first = await openHarness({ turns, tools: [think], store, clock });
      await first.begin("Go", { limits });
      await begun.promise;
    }

    await using second = await openHarness({ turns, tools: [think], store });
    const events = await second.until(isFinished);

    expect(ofType(events, "run_finished")[0]).toMatchObject({ status: "failed", reason: "limit_time" });
    expect((await second.runtime.getSession(sessionId, second.context)).turns).toBe(1);
  });
});
