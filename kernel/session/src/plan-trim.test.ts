import { describe, expect, test } from "vitest";

import { answer, callPart, ended, finished, recorded, started } from "./events.test.support.ts";
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

describe("planTrim()", () => {
  test("keeps everything while it fits", () => {
    const history = tenTurns();

    expect(planTrim(history, { maxTokens: history.tokens })).toBeUndefined();
  });

  test("drops whole turns until half of the budget is left", () => {
    const history = tenTurns();

    const trim = planTrim(history, { maxTokens: history.tokens - 1 });

    expect(trim).toEqual({ fromSeq: 25, droppedMessages: 18 });
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
