import type { EffectStarted, SessionEvent } from "@tau/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { answer, callPart, created, ended, finished, recorded, started } from "./events.test.support.ts";
import { activeMsOf } from "./run-time.ts";
import { SessionState } from "./session-state.ts";

const asked: SessionEvent = {
  type: "approval_requested",
  runId: "r1",
  approvalId: "q1",
  effectId: "r1.1.0",
  reason: "approval",
  tool: "bash",
  arguments: "{}",
  binding: "b",
  summary: "runs a command",
  expiresAt: 9_999,
};

describe("SessionState", () => {
  test("adds up turns, tokens and cost of ended runs", () => {
    const state = fold([created(), ...turn("r1"), ...turn("r2")]);

    expect([state.turns, state.usage.inputTokens, state.costMicroUsd, state.version]).toEqual([2, 20, 14, 7]);
  });

  test("is called by the beginning of its first prompt, on one line", () => {
    const long = `Fix\n\tthe test ${"x".repeat(300)}`;
    const state = fold([
      created(),
      started("r1", long),
      ended("r1", "completed"),
      started("r2", "Then this"),
    ]);

    expect(state.title).toMatch(/^Fix the test x+…$/u);
    expect(state.title).toHaveLength(200);
    expect(SessionState.fromCheckpoint(state.toCheckpoint()).title).toBe(state.title);
    expect(fold([created()]).title).toBe("");
  });

  test("shows a question until it is answered", () => {
    const waiting = fold([created(), started("r1", "go"), answer("r1", 1, [callPart("a")]), asked]);

    expect(waiting.pending.map((question) => question.approvalId)).toEqual(["q1"]);

    waiting.apply({
      seq: 5,
      at: 5,
      event: {
        type: "approval_answered",
        runId: "r1",
        approvalId: "q1",
        effectId: "r1.1.0",
        answer: "allow",
        by: "bob",
      },
    });

    expect(waiting.pending).toEqual([]);
  });

  test("knows which effects were under way when the process ended", () => {
    const state = fold([
      created(),
      started("r1", "go"),
      answer("r1", 1, [callPart("a"), callPart("b")]),
      { ...startedEffect, effectId: "r1.1.0" },
      { ...startedEffect, effectId: "r1.1.1" },
      finished("r1", 0, "a"),
      { type: "run_resumed", runId: "r1", rerunEffects: ["r1.1.1"] },
    ]);

    const [first, second] = state.run?.effects ?? [];
    expect([first?.finished === undefined, second?.started]).toEqual([false, undefined]);
  });

  test("takes the answer that an effect be run again for one start only", () => {
    const rerun: SessionEvent = {
      type: "approval_answered",
      runId: "r1",
      approvalId: "q1",
      effectId: "r1.1.0",
      answer: "rerun",
      by: "bob",
    };
    const events = [created(), started("r1", "go"), answer("r1", 1, [callPart("a")]), startedEffect, asked];

    expect(fold([...events, rerun]).run?.effects[0]?.started).toBeUndefined();
    expect(fold([...events, rerun, startedEffect]).run?.effects[0]?.started).toBeDefined();
  });

  test("counts the time in which a run runs: not while it waits, not while no process has it", () => {
    const state = new SessionState();
    const at = (time: number, event: SessionEvent): void =>
      state.apply({ seq: state.version + 1, at: time, event });
    at(0, created());
    at(1_000, started("r1", "go"));
    at(1_010, answer("r1", 1, [callPart("a")]));
    at(9_000, { type: "run_resumed", runId: "r1", rerunEffects: [] });
    at(9_005, asked);
    at(9_005, { type: "run_waiting", runId: "r1", reason: "approval", approvalIds: ["q1"] });
    at(20_000, {
      type: "approval_answered",
      runId: "r1",
      approvalId: "q1",
      effectId: "r1.1.0",
      answer: "allow",
      by: "bob",
    });

    expect(state.run === undefined ? undefined : activeMsOf(state.run, 20_007)).toBe(10 + 5 + 7);
  });

  test("hands what a run took from the inbox to the next one when no model answered", () => {
    const entries = [{ key: "news", content: "It rains." }];
    const injected: SessionEvent = { type: "context_injected", runId: "r1", entries, inboxSeq: 3 };

    const lost = fold([created(), started("r1", "go"), injected, ended("r1", "failed")]);
    const kept = fold([
      created(),
      started("r1", "go"),
      injected,
      answer("r1", 1, []),
      ended("r1", "completed"),
    ]);

    expect([lost.inboxSeq, kept.inboxSeq]).toEqual([0, 3]);
  });

  test("S1. is the same from a checkpoint as from the beginning", () => {
    fc.assert(
      fc.property(fc.nat({ max: 8 }), fc.nat({ max: 8 }), (before, after) => {
        const first = [created(), ...Array.from({ length: before }, (_, run) => turn(`a${run}`)).flat()];
        const rest = Array.from({ length: after }, (_, run) => turn(`b${run}`)).flat();

        const resumed = SessionState.fromCheckpoint(fold(first).toCheckpoint());
        for (const one of recorded(rest, first.length + 1)) resumed.apply(one);

        expect(resumed).toEqual(fold([...first, ...rest]));
      }),
    );
  });
});

const startedEffect: EffectStarted = {
  type: "effect_started",
  runId: "r1",
  effectId: "r1.1.0",
  callId: "a",
  tool: "read",
  sideEffect: "pure",
  idempotencyKey: "k",
  environment: "host:abc",
};

function turn(runId: string): readonly SessionEvent[] {
  return [started(runId, "go"), answer(runId, 1, []), ended(runId, "completed")];
}

function fold(events: readonly SessionEvent[]): SessionState {
  const state = new SessionState();
  for (const one of recorded(events)) state.apply(one);
  return state;
}
