import { estimateTokens, toolCallsOf } from "@tau/core";
import type { TextPart } from "@tau/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { answer, callPart, ended, finished, recorded, result, started } from "./events.test.support.ts";
import { History } from "./history.ts";
import { planTrim } from "./plan-trim.ts";

/** Ten turns of four messages each: 40 messages, 4 events a turn. */
function tenTurns(): History {
  const history = new History();
  const events = Array.from({ length: 10 }, (_, run) => [
    started(`r${run}`, "x".repeat(400)),
    answer(`r${run}`, 1, [callPart("a")]),
    finished(`r${run}`, 0, "a"),
    ended(`r${run}`, "completed"),
  ]).flat();
  for (const one of recorded(events)) history.apply(one);
  return history;
}

/** A run of `steps` steps whose results are long; results of "skill" are instructions. */
function longRun(steps: number, size = 4_000): History {
  const history = new History();
  const calls = Array.from({ length: steps }, (_, index) => `c${index}`);
  const events = [
    started("r0", "the task"),
    ...calls.flatMap((id, index) => [
      answer("r0", index + 1, [callPart(id)]),
      {
        ...finished("r0", index, id),
        result: {
          ...result(id),
          name: index === 0 ? "skill" : "read",
          content: [textPart("x".repeat(size))],
        },
      },
    ]),
  ];
  for (const one of recorded(events)) history.apply(one);
  return history;
}

const textPart = (text: string): TextPart => ({ type: "text", text });

describe("planTrim(), inside of a run", () => {
  test("leaves out old results, newest kept, until half of the budget is left", () => {
    const history = longRun(20);

    const trim = planTrim(history, { maxTokens: 10_000 });

    // A quarter of the budget, 2,500 tokens, is for the newest results: three of a thousand each reach over it.
    expect(trim).toMatchObject({ fromSeq: 1, droppedMessages: 0 });
    expect(trim?.clearedCalls.toSorted()).toEqual(Array.from({ length: 17 }, (_, n) => `c${n}`).toSorted());
  });

  test("keeps the results of tools that give instructions", () => {
    const keepsResults = (tool: string): boolean => tool === "skill";

    const trim = planTrim(longRun(20), { maxTokens: 10_000 }, { keepsResults });

    expect(trim?.clearedCalls).not.toContain("c0");
    expect(trim?.clearedCalls).toContain("c1");
  });

  test("does nothing when that would win too little", () => {
    expect(planTrim(longRun(100, 40), { maxTokens: 1_000 })).toBeUndefined();
  });

  test("does not choose twice what is left out already", () => {
    const history = longRun(20);
    const trim = planTrim(history, { maxTokens: 10_000 });
    if (trim === undefined) throw new Error("Nothing was planned.");
    const before = history.tokens;

    for (const one of recorded([{ type: "context_trimmed", runId: "r0", ...trim }], 100)) history.apply(one);

    expect(history.tokens).toBeLessThan(before / 2);
    const next = planTrim(history, { maxTokens: history.tokens - 1 })?.clearedCalls ?? [];
    expect(next.filter((id) => trim.clearedCalls.includes(id))).toEqual([]);
  });

  test("leaves every call with one result, in order, and counts the tokens that are left", () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat({ max: 3_000 }), { minLength: 1, maxLength: 30 }),
        fc.integer({ min: 1, max: 20_000 }),
        (sizes, maxTokens) => {
          const history = new History();
          const events = sizes.flatMap((size, n) => [
            ...(n % 5 === 0 ? [started(`r${n}`, "go")] : []),
            answer(`r${n}`, n, [callPart(`a${n}`), callPart(`b${n}`)]),
            {
              ...finished(`r${n}`, 0, `a${n}`),
              result: { ...result(`a${n}`), content: [textPart("y".repeat(size))] },
            },
            finished(`r${n}`, 1, `b${n}`),
          ]);
          for (const one of recorded(events)) history.apply(one);
          const trim = planTrim(history, { maxTokens });
          if (trim === undefined) return;
          for (const one of recorded([{ type: "context_trimmed", runId: "r0", ...trim }], 1_000))
            history.apply(one);
          const messages = history.messages();
          expect(history.tokens).toBe(messages.reduce((sum, message) => sum + estimateTokens(message), 0));
          for (const [index, message] of messages.entries()) {
            if (message.role !== "assistant") continue;
            const next = messages[index + 1];
            if (next?.role !== "tool") throw new Error("A call has no result.");
            expect(next.parts.map(({ callId }) => callId)).toEqual(toolCallsOf(message).map(({ id }) => id));
          }
        },
      ),
    );
  });
});

describe("planTrim()", () => {
  test("keeps everything while it fits", () => {
    const history = tenTurns();

    expect(planTrim(history, { maxTokens: history.tokens })).toBeUndefined();
  });

  test("drops whole turns until half of the budget is left", () => {
    const history = tenTurns();

    const trim = planTrim(history, { maxTokens: history.tokens - 1 });

    expect(trim).toEqual({ fromSeq: 25, droppedMessages: 18, clearedCalls: [] });
  });

  test("keeps the last turn even when it alone is too large", () => {
    const history = tenTurns();

    expect(planTrim(history, { maxTokens: 1 })?.fromSeq).toBe(37);
  });

  test("never drops the prompt of the run under way, whatever came into it since", () => {
    const history = tenTurns();
    const entries = [{ key: "news", content: "It rains." }];
    for (const one of recorded(
      [
        started("r10", "the task"),
        answer("r10", 1, [callPart("a")]),
        finished("r10", 0, "a"),
        { type: "context_injected", runId: "r10", entries, inboxSeq: 1 },
      ],
      41,
    ))
      history.apply(one);

    expect(planTrim(history, { maxTokens: 1 })?.fromSeq).toBe(41);
  });
});
