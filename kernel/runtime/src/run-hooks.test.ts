import { getEventListeners } from "node:events";

import { describe, expect, test } from "vitest";

import type { Hook } from "./hook.ts";
import {
  echoTool,
  ofType,
  openHarness,
  policyOf,
  resultTexts,
  turnModel,
} from "./runtime-harness.test.support.ts";

const calling = { calls: [{ name: "echo", args: { text: "one" } }] };

async function runWith(hook: Omit<Hook, "name">, policy = policyOf({})) {
  const model = turnModel([calling, { text: "Done" }, { text: "Really done" }, { text: "x" }, { text: "y" }]);
  await using harness = await openHarness({
    model,
    tools: [echoTool("echo")],
    policy,
    hooks: [{ name: "guard", ...hook }],
  });
  return { events: await harness.run("Go"), model };
}

describe("hooks", () => {
  test("before a tool: may deny", async () => {
    const { events } = await runWith({
      beforeTool: async () => ({ decision: "deny", reason: "Not on Fridays." }),
    });

    expect(resultTexts(events)[0]).toContain("Not on Fridays.");
    expect(ofType(events, "hook_decided")[0]).toMatchObject({
      hook: "guard",
      point: "before_tool",
      decision: "deny",
    });
  });

  test("before a tool: may rewrite the arguments, which are validated again", async () => {
    const { events } = await runWith({
      beforeTool: async () => ({ decision: "rewrite", arguments: { text: "two" }, reason: "safer" }),
    });

    expect(resultTexts(events)).toEqual(["echo: two"]);
    expect(ofType(events, "permission_decided")[0]?.rewrittenArguments).toBe('{"text":"two"}');
  });

  test("before a tool: invalid rewritten arguments deny", async () => {
    const { events } = await runWith({
      beforeTool: async () => ({ decision: "rewrite", arguments: { text: 7 }, reason: "oops" }),
    });

    expect(ofType(events, "effect_finished")[0]?.outcome).toBe("denied");
  });

  test("before a tool: an allow does not beat a rule that denies", async () => {
    const { events } = await runWith(
      { beforeTool: async () => ({ decision: "allow" }) },
      policyOf({ echo: "deny" }),
    );

    expect(ofType(events, "effect_finished")[0]?.outcome).toBe("denied");
  });

  test.each([
    ["throws", { beforeTool: () => Promise.reject(new Error("boom")) }],
    ["takes too long", { timeoutMs: 1, beforeTool: () => new Promise<never>(() => undefined) }],
  ])("before a tool: a hook that %s denies", async (_, hook) => {
    const { events } = await runWith(hook);

    expect(ofType(events, "effect_finished")[0]?.outcome).toBe("denied");
    expect(ofType(events, "effect_started")).toEqual([]);
  });

  test.each([
    ["nothing", "null"],
    ["an unknown decision", '{ "decision": "block", "reason": "no" }'],
    ["a rewrite without arguments", '{ "decision": "rewrite", "reason": "oops" }'],
  ])("before a tool: a hook that answers %s has not let it through", async (_, answer) => {
    const { events } = await runWith({
      beforeTool: async () => {
        return JSON.parse(answer);
      },
    });

    expect(ofType(events, "effect_finished")[0]?.outcome).toBe("denied");
    expect(ofType(events, "effect_started")).toEqual([]);
  });

  test("leave nothing on the signal that they were given", async () => {
    const signals: AbortSignal[] = [];
    await runWith({
      beforeTool: async (_, signal) => {
        signals.push(signal);
        return { decision: "allow" };
      },
    });

    expect(signals.map((signal) => getEventListeners(signal, "abort").length)).toEqual([0]);
  });

  test("after a tool: a replaced result still belongs to its call", async () => {
    const { events } = await runWith({
      afterTool: async ({ result }) => ({
        decision: "rewrite",
        result: { ...result, callId: "other", name: "other" },
        reason: "odd",
      }),
    });

    expect(ofType(events, "effect_finished")[0]?.result).toMatchObject({ callId: "call_0_0", name: "echo" });
  });

  test("after a tool: may replace the result", async () => {
    const { events } = await runWith({
      afterTool: async ({ result }) => ({
        decision: "rewrite",
        result: { ...result, content: [{ type: "text", text: "redacted" }] },
        reason: "secret",
      }),
    });

    expect(resultTexts(events)).toEqual(["redacted"]);
  });

  test("after a tool: a hook that throws withholds the result", async () => {
    const { events } = await runWith({ afterTool: () => Promise.reject(new Error("boom")) });

    expect(resultTexts(events)[0]).toContain("withheld");
    expect(resultTexts(events)[0]).not.toContain("one");
  });

  test("between steps: may stop the run", async () => {
    const { events } = await runWith({ iteration: async () => ({ decision: "stop", reason: "enough" }) });

    expect(ofType(events, "run_finished")[0]).toMatchObject({
      status: "completed",
      reason: "stopped_by_hook",
      steps: 1,
    });
  });

  test("between steps: a hook that throws ends the run", async () => {
    const { events } = await runWith({ iteration: () => Promise.reject(new Error("boom")) });

    expect(ofType(events, "run_finished")[0]?.error?.code).toBe("hook.failed");
  });

  test("at the end: may send the model back with a note, but not for ever", async () => {
    const { events, model } = await runWith({
      stop: async () => ({ decision: "continue", note: "Run the tests first." }),
    });

    expect(JSON.stringify(model.requests[2]?.messages.at(-1))).toContain("Run the tests first.");
    expect(ofType(events, "run_finished")[0]).toMatchObject({ status: "completed", steps: 5 });
  });
});
