import { noUsage, TauError } from "@tau/core";
import type { ProviderPart } from "@tau/core";
import { describe, expect, test } from "vitest";

import {
  echoTool,
  ofType,
  openHarness,
  policyOf,
  resultTexts,
  sessionId,
  turnModel,
} from "./runtime-harness.test.support.ts";
import type { Answer } from "./runtime-harness.test.support.ts";

const looping = { calls: [{ name: "echo", args: { text: "again" } }] };

describe("runLoop()", () => {
  test("answers a prompt and ends with the reason", async () => {
    await using harness = await openHarness({ turns: [{ text: "Hello" }] });

    const events = await harness.run("Hi");

    expect(events.map((event) => event.type)).toEqual(["run_started", "model_finished", "run_finished"]);
    expect(ofType(events, "run_finished")[0]).toMatchObject({
      status: "completed",
      reason: "answered",
      steps: 1,
    });
  });

  test("feeds tool results back until the model answers", async () => {
    const model = turnModel([looping, { text: "Done" }]);
    await using harness = await openHarness({ model, tools: [echoTool("echo")] });

    const events = await harness.run("Go");

    expect(resultTexts(events)).toEqual(["echo: again"]);
    expect(model.requests[1]?.messages.map((message) => message.role)).toEqual(["user", "assistant", "tool"]);
    expect(ofType(events, "run_finished")[0]?.steps).toBe(2);
  });

  test.each([
    ["an unknown tool", { name: "ecko" }, /tool\.not_found.*echo/su],
    ["broken JSON", { name: "echo", args: "{" }, /tool\.invalid_arguments/u],
    ["wrong arguments", { name: "echo", args: { text: 7 } }, /tool\.invalid_arguments/u],
    ["a tool that throws", { name: "bad", args: {} }, /./u],
  ])("gives the model %s as an error it can act on", async (_, call, pattern) => {
    const bad = echoTool("bad", { run: () => Promise.reject(new Error("secret stack")) });
    await using harness = await openHarness({
      turns: [{ calls: [call] }, { text: "I see" }],
      tools: [echoTool("echo"), bad],
    });

    const events = await harness.run("Go");

    expect(ofType(events, "effect_finished")[0]?.result.isError).toBe(true);
    expect(resultTexts(events)[0]).toMatch(pattern);
    expect(ofType(events, "run_finished")[0]?.status).toBe("completed");
  });

  test("continues a conversation with everything said before", async () => {
    const model = turnModel([{ text: "One" }, { text: "Two" }]);
    await using harness = await openHarness({ model });
    await harness.run("first");

    await harness.run("second");

    expect(model.requests[1]?.messages.map((message) => message.role)).toEqual(["user", "assistant", "user"]);
  });

  test.each([
    ["limit_steps", { maxSteps: 2 }],
    ["limit_tokens", { maxTokens: 30 }],
    ["limit_cost", { maxCostMicroUsd: 20 }],
  ])("stops at %s", async (reason, limits) => {
    const price = { inputPerMillion: 1_000_000, outputPerMillion: 1_000_000 };
    const model = turnModel([looping, looping, looping, looping], { price });
    await using harness = await openHarness({ model, tools: [echoTool("echo")] });

    const events = await harness.run("Go", { limits });

    expect(ofType(events, "run_finished")[0]).toMatchObject({ status: "failed", reason, steps: 2 });
  });

  test("refuses a cost limit when the price is unknown", async () => {
    await using harness = await openHarness({ turns: [{ text: "Hello" }] });

    const events = await harness.run("Go", { limits: { maxCostMicroUsd: 1 } });

    expect(ofType(events, "run_finished")[0]?.error?.code).toBe("run.unknown_price");
  });

  test("reports a stream without an end as a fault of the adapter", async () => {
    const model = { provider: "test", id: "broken", async *stream() {} };
    await using harness = await openHarness({ model });

    const events = await harness.run("Go");

    expect(ofType(events, "run_finished")[0]?.error?.code).toBe("run.model_contract");
  });

  test("does not tell a caller what an unexpected error says", async () => {
    await using harness = await openHarness({ turns: [() => Promise.reject(new Error("key sk-123"))] });

    const events = await harness.run("Go");

    expect(ofType(events, "run_finished")[0]?.error).toMatchObject({ code: "internal" });
    expect(JSON.stringify(events)).not.toContain("sk-123");
  });

  test.each(["length", "content_filtered"] as const)(
    "fails when the model stops for %s",
    async (stopReason) => {
      await using harness = await openHarness({ turns: [{ text: "Hal", stopReason }] });

      const events = await harness.run("Go");

      expect(ofType(events, "run_finished")[0]).toMatchObject({ status: "failed", reason: stopReason });
    },
  );

  test("sends a turn back when the provider only paused, and nothing after it", async () => {
    const item: ProviderPart = {
      type: "provider_item",
      kind: "server_tool_use",
      providerData: { protocol: "anthropic", data: { id: "s", input: { query: "Tau" } } },
    };
    const entries = [{ key: "news", content: "It rains." }];
    const pause = async (): Promise<Answer> => {
      await harness.runtime.injectContext({ sessionId, entries }, harness.context);
      return { items: [item], stopReason: "pause" };
    };
    const model = turnModel([pause, { text: "Done" }]);
    await using harness = await openHarness({ model });

    const events = await harness.run("Go");

    expect(ofType(events, "run_finished")[0]).toMatchObject({ status: "completed", steps: 2 });
    expect(model.requests[1]?.messages).toEqual([
      ...(model.requests[0]?.messages ?? []),
      { role: "assistant", parts: [item] },
    ]);
  });

  test("does not wait for a paused turn for ever", async () => {
    const pause = { text: "Wait", stopReason: "pause" } as const;
    await using harness = await openHarness({ turns: [pause, pause, pause] });

    const events = await harness.run("Go", { limits: { maxSteps: 2 } });

    expect(ofType(events, "run_finished")[0]).toMatchObject({ reason: "limit_steps", steps: 2 });
  });

  test("surfaces a call unrun when a stop condition says so", async () => {
    let ran = 0;
    const tool = echoTool("echo", { run: () => `ran ${++ran}` });
    const stopWhen = [
      (run: { readonly effects: readonly unknown[] }) => (run.effects.length > 0 ? "a call" : undefined),
    ];
    await using harness = await openHarness({ turns: [looping], tools: [tool], stopWhen });

    const events = await harness.run("Go");

    expect(ofType(events, "run_finished")[0]).toMatchObject({
      status: "completed",
      reason: "stop_condition",
    });
    expect(ran).toBe(0);
  });

  test("drops the oldest turns when the provider says the context is too long", async () => {
    const tooLong = new TauError("model.context_too_long", "Too long.");
    let calls = 0;
    const second = (): Promise<never> | { text: string } =>
      ++calls === 1 ? Promise.reject(tooLong) : { text: "Two" };
    // The same turn is asked twice: first with the whole history, then, one answer shorter, without the first turn.
    await using harness = await openHarness({
      turns: [() => (calls === 0 ? { text: "One" } : { text: "Two" }), second],
    });
    await harness.run("first");

    const events = await harness.run("second");

    expect(ofType(events, "context_trimmed")).toHaveLength(1);
    expect(ofType(events, "run_finished")[0]?.status).toBe("completed");
  });

  test("leaves old results out of a run that outgrows its context, and goes on", async () => {
    let calls = 0;
    const turns = Array.from({ length: 8 }, (_, n) => ({ calls: [{ id: `c${n}`, name: "echo" }] }));
    const model = turnModel([...turns, { text: "Done" }]);
    await using harness = await openHarness({
      model,
      tools: [echoTool("echo", { run: () => `page ${++calls} ${"word ".repeat(400)}` })],
      context: { maxTokens: 2_000 },
    });

    const events = await harness.run("Read it all");

    expect(ofType(events, "run_finished")[0]).toMatchObject({ status: "completed", steps: 9 });
    const [trimmed] = ofType(events, "context_trimmed");
    expect(trimmed).toMatchObject({ droppedMessages: 0 });
    expect(trimmed?.clearedCalls?.length).toBeGreaterThan(0);
    const sent = JSON.stringify(model.requests.at(-1)?.messages);
    expect(sent).toContain("Read it all");
    expect(sent).toContain("left out to make room");
    expect(sent).not.toContain("page 1 word");
    expect(sent).toContain("page 8 word");
  });

  test("adds up usage and cost of all steps", async () => {
    const price = { inputPerMillion: 3_000_000, outputPerMillion: 15_000_000 };
    const usage = { ...noUsage, inputTokens: 1_000, outputTokens: 100 };
    const model = turnModel(
      [
        { ...looping, usage },
        { text: "Done", usage },
      ],
      { price },
    );
    await using harness = await openHarness({ model, tools: [echoTool("echo")] });

    const events = await harness.run("Go");

    expect(ofType(events, "run_finished")[0]).toMatchObject({
      costMicroUsd: 9_000,
      usage: { inputTokens: 2_000 },
    });
  });

  test("denies what the rules deny, says why, and goes on", async () => {
    await using harness = await openHarness({
      turns: [looping, { text: "Understood" }],
      tools: [echoTool("echo")],
      policy: policyOf({ echo: "deny" }),
    });

    const events = await harness.run("Go");

    expect(ofType(events, "permission_decided")[0]).toMatchObject({
      decision: "deny",
      reason: "The test says deny.",
    });
    expect(resultTexts(events)[0]).toContain("The test says deny.");
    expect(ofType(events, "effect_started")).toEqual([]);
  });
});
