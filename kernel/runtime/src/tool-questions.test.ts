import { defineTool } from "@tau/tools";
import type { Tool, ToolContext, ToolQuestion } from "@tau/tools";
import { describe, expect, test } from "vitest";

import {
  codeOf,
  memoryStore,
  ofType,
  openHarness,
  resultTexts,
  sessionId,
} from "./runtime-harness.test.support.ts";
import type { Harness } from "./runtime-harness.test.support.ts";

const colour: ToolQuestion = {
  reason: "question",
  summary: "The painter asks.",
  question: { text: "Which colour?", options: ["red", "blue"] },
};
const isWaiting = (event: { readonly type: string }): boolean => event.type === "run_waiting";
const isFinished = (event: { readonly type: string }): boolean => event.type === "run_finished";
const turns = [{ calls: [{ name: "paint", args: { wall: "north" } }] }, { text: "Done." }];

function paintTool(
  work: (ask: NonNullable<ToolContext["ask"]>, context: ToolContext) => Promise<string>,
): Tool {
  return defineTool({
    name: "paint",
    description: "Paints.",
    input: { type: "object" },
    sideEffect: "idempotent",
    execute: async (_input, context) => {
      if (context.ask === undefined) throw new TypeError("It can ask.");
      return await work(context.ask, context);
    },
  });
}

const askColour = async (ask: NonNullable<ToolContext["ask"]>, { signal }: ToolContext): Promise<string> => {
  const { answer, note, by } = await ask(colour, signal);
  return `${answer} ${note ?? ""} by ${by}`;
};

async function pendingOf({ runtime, context }: Harness): Promise<readonly { readonly approvalId: string }[]> {
  return (await runtime.getSession(sessionId, context)).pending;
}

describe("createToolQuestions()", () => {
  test("Q1. waits with the question in the log, and goes on with the answer of whoever gives one, once", async () => {
    await using harness = await openHarness({ turns, tools: [paintTool(askColour)] });
    await harness.begin("Paint");
    const before = await harness.until(isWaiting);
    const [asked] = ofType(before, "approval_requested");
    expect(asked).toMatchObject({
      reason: "question",
      tool: "paint",
      arguments: '{"wall":"north"}',
      summary: "The painter asks.",
      question: { text: "Which colour?", options: ["red", "blue"] },
    });
    const pending = await pendingOf(harness);
    expect(pending).toMatchObject([{ approvalId: asked?.approvalId }]);

    const answer = {
      sessionId,
      approvalId: asked?.approvalId ?? "",
      answer: "answer",
      note: "green",
    } as const;
    const wrong = harness.runtime.respond({ ...answer, answer: "allow" }, harness.context);
    expect(await codeOf(wrong)).toBe("approval.invalid_answer");
    await harness.runtime.respond(answer, harness.context);
    const events = await harness.until(isFinished);

    expect(resultTexts(events)).toEqual(["answer green by ada"]);
    expect(ofType(events, "approval_answered")).toMatchObject([
      { answer: "answer", note: "green", by: "ada" },
    ]);
    expect(ofType(events, "effect_started").map(({ tool }) => tool)).toEqual(["paint"]);
    expect(await codeOf(harness.runtime.respond(answer, harness.context))).toBe("approval.not_found");
  });

  test("Q2. a tool that runs again asks what is open still, and has what was answered", async () => {
    const store = memoryStore();
    const tools = [
      paintTool(async (ask, context) => {
        const first = await askColour(ask, context);
        return `${first}; ${await askColour(ask, context)}`;
      }),
    ];
    let ids: readonly string[] = [];
    {
      await using first = await openHarness({ turns, tools, store });
      await first.begin("Paint");
      await first.until(isWaiting);
      const [asked] = await pendingOf(first);
      const answer = {
        sessionId,
        approvalId: asked?.approvalId ?? "",
        answer: "answer",
        note: "red",
      } as const;
      await first.runtime.respond(answer, first.context);
      let waits = 0;
      const events = await first.until((event) => isWaiting(event) && ++waits === 2);
      ids = ofType(events, "approval_requested").map(({ approvalId }) => approvalId);
      expect(new Set(ids).size).toBe(2);
    }
    await using second = await openHarness({ turns, tools, store });
    await second.runtime.respond(
      { sessionId, approvalId: ids[1] ?? "", answer: "answer", note: "blue" },
      second.context,
    );
    const events = await second.until(isFinished);

    expect(resultTexts(events)).toEqual(["answer red by ada; answer blue by ada"]);
    expect(ofType(events, "approval_requested").map(({ approvalId }) => approvalId)).toEqual(ids);
  });

  test("Q3. closes a question that the tool gives up, and the run goes on", async () => {
    const giveUp = new AbortController();
    const tools = [
      paintTool(async (ask) => {
        const given = await ask(colour, giveUp.signal).catch((error: unknown) => error);
        return `gave up: ${given === giveUp.signal.reason}`;
      }),
    ];
    await using harness = await openHarness({ turns, tools });
    await harness.begin("Paint");
    await harness.until(isWaiting);

    giveUp.abort(new Error("No longer."));
    const events = await harness.until(isFinished);

    expect(resultTexts(events)).toEqual(["gave up: true"]);
    expect(ofType(events, "approval_answered")).toMatchObject([
      { answer: "deny", by: "system", note: "The question was withdrawn." },
    ]);
    expect(await pendingOf(harness)).toEqual([]);
  });

  test("takes nobody in time for a denial by the system", async () => {
    const tools = [paintTool(askColour)];
    await using harness = await openHarness({ turns, tools, approvalTimeoutMs: 1 });

    expect(resultTexts(await harness.run("Paint"))).toEqual(["deny  by system"]);
  });
});
