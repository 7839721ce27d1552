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
  test("before a run: may tell the model something first, once", async () => {
    const { events, model } = await runWith({
      beforeRun: async ({ prompt, run }) => ({
        decision: "allow",
        note: `${prompt} ${run.steps}`,
        details: { score: 1 },
      }),
    });

    expect(ofType(events, "hook_decided")).toMatchObject([
      { hook: "guard", point: "before_run", decision: "allow", details: { score: 1 } },
    ]);
    expect(ofType(events, "context_injected")).toMatchObject([
      { entries: [{ key: "hook:guard", content: "Go 0" }] },
    ]);
    expect(JSON.stringify(model.requests[0]?.messages)).toContain("Go 0");
    expect(events.at(-1)).toMatchObject({ type: "run_finished", status: "completed" });
  });

  test("before a run: may keep it from beginning, before any model is asked", async () => {
    const { events, model } = await runWith({
      beforeRun: async () => ({ decision: "deny", reason: "Not yet.", details: { missing: ["a"] } }),
    });

    expect(model.requests).toEqual([]);
    expect(events.map(({ type }) => type)).toEqual(["run_started", "hook_decided", "run_finished"]);
    expect(events.at(-1)).toMatchObject({
      status: "failed",
      reason: "error",
      error: { code: "run.blocked", message: expect.stringContaining("Not yet.") },
    });
  });

  test.each([
    ["throws", () => Promise.reject(new Error("oops"))],
    ["says nothing", () => Promise.resolve(Object())],
    ["denies without a reason", () => Promise.resolve(Object({ decision: "deny" }))],
  ])("before a run: one that %s does not let it begin", async (_what, beforeRun) => {
    const { events, model } = await runWith({ beforeRun });

    expect(model.requests).toEqual([]);
    expect(events.at(-1)).toMatchObject({ status: "failed", error: { code: "hook.failed" } });
  });

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

  test.each<readonly [string, Hook["recheck"], string]>([
    ["denies", async () => ({ decision: "deny", reason: "It changed." }), "It changed."],
    ["throws", async () => await Promise.reject(new Error("broken")), 'The hook "guard" failed'],
  ])(
    "before a call that was decided on a while ago: a hook that %s keeps it from running",
    async (_, recheck, reason) => {
      const calls = ["one", "two"].map((text) => ({ name: "echo", args: { text } }));
      await using harness = await openHarness({
        model: turnModel([{ calls }, { text: "Done" }]),
        tools: [echoTool("echo", { sideEffect: "irreversible" })],
        policy: policyOf({}),
        hooks: [
          { name: "guard", beforeTool: async () => ({ decision: "allow" }), ...(recheck && { recheck }) },
        ],
      });
      const events = await harness.run("Go");

      // The first is of this moment; the second comes after something that it may have changed.
      expect(resultTexts(events)).toEqual(["echo: one", expect.stringContaining(reason)]);
      expect(ofType(events, "effect_started")).toHaveLength(1);
      expect(ofType(events, "hook_decided")).toMatchObject([{ hook: "guard", point: "before_tool" }]);
    },
  );

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
