import { createAskUserTool, createIdleTool, createTodoTool } from "@tau/tools";
import { describe, expect, test } from "vitest";

import {
  codeOf,
  echoTool,
  memoryStore,
  ofType,
  openHarness,
  policyOf,
  resultTexts,
  sessionId,
} from "./runtime-harness.test.support.ts";
import { stopWhenIdle } from "./stop-when-idle.ts";

const ask = { name: "ask_user", args: { question: "Which colour?", options: ["red", "blue"] } };
const isWaiting = (event: { readonly type: string }): boolean => event.type === "run_waiting";
const isFinished = (event: { readonly type: string }): boolean => event.type === "run_finished";
const tools = [createAskUserTool(), echoTool("echo")];

describe("a question of the model", () => {
  test("waits for a person without a rule that asks, and has their words as its result", async () => {
    await using harness = await openHarness({ turns: [{ calls: [ask] }, { text: "Blue it is." }], tools });
    await harness.begin("Paint");
    const before = await harness.until(isWaiting);
    const [asked] = ofType(before, "approval_requested");
    expect(asked).toMatchObject({
      reason: "question",
      tool: "ask_user",
      summary: "Which colour?",
      question: { text: "Which colour?", options: ["red", "blue"] },
    });
    expect(ofType(before, "run_waiting")).toMatchObject([{ reason: "question" }]);

    const approvalId = asked?.approvalId ?? "";
    const answer = { sessionId, approvalId, answer: "answer", note: "green, please" } as const;
    await harness.runtime.respond(answer, harness.context);

    const events = await harness.until(isFinished);
    expect(resultTexts(events)).toEqual(["green, please"]);
    const [finished] = ofType(events, "effect_finished");
    expect(finished).toMatchObject({ outcome: "completed", result: { isError: false } });
    expect(finished?.result.content[0]?.label).toMatchObject({ integrity: "user" });
    expect(ofType(events, "effect_started")).toEqual([]);
  });

  test("is answered after the process that asked it is gone, by what another one wrote down", async () => {
    const store = memoryStore();
    const turns = [{ calls: [ask, { name: "echo", args: { text: "after" } }] }, { text: "Done." }];
    let approvalId = "";
    {
      await using first = await openHarness({ turns, tools, store });
      await first.begin("Paint");
      approvalId = ofType(await first.until(isWaiting), "approval_requested")[0]?.approvalId ?? "";
    }
    await using second = await openHarness({ turns, tools, store });
    await second.runtime.respond({ sessionId, approvalId, answer: "answer", note: "red" }, second.context);
    const events = await second.until(isFinished);
    expect(resultTexts(events)).toEqual(["red", "echo: after"]);
  });

  test("takes only an answer in words, or none", async () => {
    await using harness = await openHarness({ turns: [{ calls: [ask] }, { text: "I take red." }], tools });
    await harness.begin("Paint");
    const approvalId = ofType(await harness.until(isWaiting), "approval_requested")[0]?.approvalId ?? "";
    const respond = async (answer: "allow" | "done" | "answer" | "deny", note?: string): Promise<string> =>
      await codeOf(
        harness.runtime.respond(
          { sessionId, approvalId, answer, ...(note === undefined ? {} : { note }) },
          harness.context,
        ),
      );
    expect(await respond("allow")).toBe("approval.invalid_answer");
    expect(await respond("done")).toBe("approval.invalid_answer");
    expect(await respond("answer")).toBe("approval.invalid_answer");
    expect(await respond("answer", " ")).toBe("approval.invalid_answer");
    await harness.runtime.respond({ sessionId, approvalId, answer: "deny", note: "later" }, harness.context);
    const [text = ""] = resultTexts(await harness.until(isFinished));
    expect(text).toContain("does not want to answer");
    expect(text).toContain("later");
  });

  test("is not asked where a rule forbids the tool", async () => {
    await using harness = await openHarness({
      turns: [{ calls: [ask] }, { text: "Well." }],
      tools,
      policy: policyOf({ ask_user: "deny" }),
    });
    const events = await harness.run("Paint");
    expect(ofType(events, "approval_requested")).toEqual([]);
    expect(resultTexts(events)[0]).toContain("tool.denied");
  });
});

describe("stopWhenIdle()", () => {
  test("ends the run when the model is idle and every call has its result", async () => {
    const todo = { name: "todo", args: { items: [{ text: "paint", status: "completed" }] } };
    await using harness = await openHarness({
      turns: [{ calls: [{ name: "idle", args: {} }, todo] }, { text: "never said" }],
      tools: [createIdleTool(), createTodoTool()],
      stopWhen: [stopWhenIdle],
    });
    const events = await harness.run("Paint");
    expect(ofType(events, "run_finished")).toMatchObject([{ status: "completed", steps: 1 }]);
    expect(ofType(events, "effect_finished").map(({ details }) => details)).toEqual([
      undefined,
      { todos: [{ text: "paint", status: "completed" }] },
    ]);
  });
});
