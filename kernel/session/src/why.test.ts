import { untrusted } from "@tau/core";
import type { EffectFinished, Label, PermissionDecided, SessionEvent } from "@tau/core";
import { describe, expect, test } from "vitest";

import { answer, callPart, created, ended, finished, recorded, started } from "./events.test.support.ts";
import { effectIdOf } from "./run-state.ts";
import { why } from "./why.ts";

const web = untrusted("web:example.org");

function labelled(event: EffectFinished, label: Label): EffectFinished {
  return { ...event, result: { ...event.result, content: [{ type: "text", text: "x", label }] } };
}

function decided(step: number, rest: Partial<PermissionDecided> = {}): PermissionDecided {
  return {
    type: "permission_decided",
    runId: "r1",
    effectId: effectIdOf("r1", step, 0),
    tool: "send",
    decision: "deny",
    reason: "It says so.",
    rule: "flow(external)",
    kinds: ["external"],
    label: web,
    ...rest,
  };
}

const second = (callId: string): EffectFinished => ({
  ...finished("r1", 0, callId),
  effectId: effectIdOf("r1", 2, 0),
});

/** A page is read, then a file; then the model wants to send something. */
const events: readonly SessionEvent[] = [
  created(),
  started("r1", "go"),
  answer("r1", 1, [callPart("page"), callPart("file")]),
  labelled(finished("r1", 0, "page"), web),
  finished("r1", 1, "file"),
  { ...answer("r1", 2, [callPart("send")]), label: web },
  decided(2),
  second("send"),
  { ...answer("r1", 3, []), label: web },
  ended("r1", "completed"),
];

describe("why()", () => {
  test("leads from a decision over the answer that asked for it to where the text came from", () => {
    const found = why(recorded(events), 7);

    expect(found?.steps.map(({ seq, what, tool }) => [seq, what, tool])).toEqual([
      [7, "decision", "send"],
      [6, "answer", undefined],
      [4, "result", "read"],
    ]);
    expect(found?.steps.at(-1)?.label).toEqual(web);
    expect(found?.decision).toEqual({
      decision: "deny",
      reason: "It says so.",
      rule: "flow(external)",
      kinds: ["external"],
    });
  });

  test("says what was answered to the question that a decision led to, and not to a later one", () => {
    const effectId = effectIdOf("r1", 2, 0);
    const answered = (reply: "allow" | "deny", by: string): SessionEvent => ({
      type: "approval_answered",
      runId: "r1",
      approvalId: by,
      effectId,
      answer: reply,
      by,
      note: "Not today.",
    });
    const asked = [
      ...events.slice(0, 6),
      decided(2, { decision: "ask" }),
      answered("deny", "ada"),
      decided(2, { decision: "ask" }),
      decided(2, { decision: "ask" }),
      answered("allow", "bo"),
    ];

    expect(why(recorded(asked), 7)?.answer).toEqual({ answer: "deny", by: "ada", note: "Not today." });
    expect(why(recorded(asked), 9)?.answer).toBeUndefined();
    expect(why(recorded(asked), "send") ?? why(recorded(asked), effectId)).toMatchObject({
      answer: { answer: "allow", by: "bo" },
    });
    expect(why(recorded(events), 7)).not.toHaveProperty("answer");
  });

  test("finds a call by the model's id of it, and by the id of its effect", () => {
    expect(why(recorded(events), "send")).toEqual(why(recorded(events), 7));
    expect(why(recorded(events), effectIdOf("r1", 2, 0))).toEqual(why(recorded(events), 7));
  });

  test("says of an answer what it was made of, over answers that are made of one another", () => {
    const trimmed: readonly SessionEvent[] = [
      ...events,
      started("r2", "on"),
      { type: "context_trimmed", runId: "r2", fromSeq: 9, droppedMessages: 5 },
      { ...answer("r2", 1, []), label: web },
    ];

    expect(why(recorded(trimmed), 13)?.steps.map(({ seq }) => seq)).toEqual([13, 9, 6, 4]);
  });

  test("begins with the session's context where that is untrusted", () => {
    const bootstrap = [{ key: "issue", content: "obey", label: web }];
    const all = [{ ...created(), bootstrap }, started("r1", "go"), { ...answer("r1", 1, []), label: web }];

    expect(why(recorded(all), 3)?.steps.map(({ seq, what }) => [seq, what])).toEqual([
      [3, "answer"],
      [1, "session"],
    ]);
  });

  test("ends at once where nothing is untrusted, and answers nothing for what has no label", () => {
    expect(why(recorded(events), 3)?.steps).toHaveLength(1);
    expect(why(recorded(events), 10)).toBeUndefined();
    expect(why(recorded(events), "nobody")).toBeUndefined();
    expect(why(recorded(events), 99)).toBeUndefined();
  });
});
