import type { EffectStarted, SessionEvent } from "@tau/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { answer, callPart, created, ended, finished, recorded, started } from "./events.test.support.ts";
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
