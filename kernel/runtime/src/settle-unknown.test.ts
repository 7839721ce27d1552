import { describe, expect, test } from "vitest";

import {
  echoTool,
  memoryStore,
  ofType,
  openHarness,
  sessionId,
  turnModel,
} from "./runtime-harness.test.support.ts";
import type { Harness, Store, Turn } from "./runtime-harness.test.support.ts";

const isWaiting = (event: { readonly type: string }): boolean => event.type === "run_waiting";
const isFinished = (event: { readonly type: string }): boolean => event.type === "run_finished";
const paying: Turn = { calls: [{ name: "pay" }] };

/** A process whose payment is interrupted; `begun` settles when the payment is under way. */
async function interrupted(store: Store, runs: { count: number }) {
  const begun = Promise.withResolvers<void>();
  const pay = echoTool("pay", {
    sideEffect: "irreversible",
    run: (_, signal) => {
      runs.count += 1;
      begun.resolve();
      return new Promise((_resolve, reject) =>
        signal.addEventListener("abort", () => reject(new Error("stopped"))),
      );
    },
  });
  return { begun: begun.promise, harness: await openHarness({ turns: [paying], tools: [pay], store }) };
}

async function question(harness: Harness, fromSeq: number): Promise<string> {
  const asked = ofType(await harness.until(isWaiting, fromSeq), "approval_requested");
  return asked.at(-1)?.approvalId ?? "";
}

describe("settleUnknown()", () => {
  test("E2. asks again when an effect that a person had run again is interrupted once more", async () => {
    const store = memoryStore();
    const runs = { count: 0 };
    {
      const { harness, begun } = await interrupted(store, runs);
      await using first = harness;
      await first.begin("Go");
      await begun;
    }
    let version = 0;
    {
      const { harness, begun } = await interrupted(store, runs);
      await using second = harness;
      const approvalId = await question(second, 1);
      await second.runtime.respond({ sessionId, approvalId, answer: "rerun" }, second.context);
      await begun;
      ({ version } = await second.runtime.getSession(sessionId, second.context));
    }

    const { harness } = await interrupted(store, runs);
    await using third = harness;
    await third.until((event) => isWaiting(event) || event.type === "effect_started", version + 1);

    expect((await third.runtime.getSession(sessionId, third.context)).pending).toHaveLength(1);
    expect(runs.count).toBe(2);
  });

  test("tells the model that nobody knows, when the run ends before anybody said", async () => {
    const store = memoryStore();
    const runs = { count: 0 };
    let runId = "";
    {
      const { harness, begun } = await interrupted(store, runs);
      await using first = harness;
      runId = await first.begin("Go");
      await begun;
    }
    const model = turnModel([paying, { text: "I will look first." }]);
    await using second = await openHarness({ model, tools: [echoTool("pay")], store });
    await second.until(isWaiting);
    await second.runtime.cancelRun({ sessionId, runId, reason: "no time" }, second.context);

    const events = await second.until(isFinished);
    await second.run("Was it paid?");

    expect(ofType(events, "effect_finished")[0]?.outcome).toBe("unknown");
    expect(JSON.stringify(model.requests[0]?.messages)).toContain("It is unknown whether");
    expect(JSON.stringify(model.requests[0]?.messages)).not.toContain("Not run");
  });
});
