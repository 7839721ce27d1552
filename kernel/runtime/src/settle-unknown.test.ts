import { describe, expect, test } from "vitest";

import { systemClock } from "./clock.ts";
import { createInbox } from "./inbox.ts";
import {
  echoTool,
  memoryStore,
  ofType,
  openHarness,
  resultTexts,
  sessionId,
  turnModel,
} from "./runtime-harness.test.support.ts";
import type { Harness, Store, Turn } from "./runtime-harness.test.support.ts";
import { sessionStream } from "./session-log.ts";

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

  test("asks again when the answer comes to be used too late, and takes the new one as it is meant", async () => {
    const store = memoryStore();
    const runs = { count: 0 };
    let approvalId = "";
    {
      const { harness, begun } = await interrupted(store, runs);
      await using first = harness;
      await first.begin("Go");
      await begun;
    }
    {
      await using second = (await interrupted(store, runs)).harness;
      approvalId = await question(second, 1);
    }
    const inbox = createInbox(store.journal, systemClock, sessionStream("acme", sessionId));
    const { signal } = new AbortController();
    await inbox.addAnswer({ type: "answer", by: "bob", approvalId, answer: "rerun" }, signal);

    const clock = { ...systemClock, now: () => Date.now() + 30 * 24 * 3_600_000 };
    await using third = await openHarness({
      turns: [paying, { text: "Done" }],
      tools: [echoTool("pay", { sideEffect: "irreversible" })],
      store,
      clock,
    });
    let questions = 0;
    const events = await third.until((event) => event.type === "approval_requested" && ++questions === 2);
    const again = ofType(events, "approval_requested")[1]?.approvalId ?? "";
    await third.runtime.respond({ sessionId, approvalId: again, answer: "done" }, third.context);

    expect(resultTexts(await third.until(isFinished))[0]).toContain("A person confirmed");
    expect(runs.count).toBe(1);
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
