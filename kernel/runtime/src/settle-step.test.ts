import { createHostEnvironment } from "@tau/tools";
import { describe, expect, test } from "vitest";

import { systemClock } from "./clock.ts";
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

const calls = (...names: readonly string[]) => ({
  calls: names.map((name) => ({ name, args: { text: name } })),
});
const isWaiting = (event: { readonly type: string }): boolean => event.type === "run_waiting";
const isFinished = (event: { readonly type: string }): boolean => event.type === "run_finished";

describe("settleStep()", () => {
  test("E3. runs neighbouring pure calls together and answers in the order of the calls", async () => {
    const both = Promise.withResolvers<void>();
    let running = 0;
    const meet = async (): Promise<string> => {
      if (++running === 2) both.resolve();
      await both.promise;
      return "met";
    };
    await using harness = await openHarness({
      turns: [calls("a", "b"), { text: "Done" }],
      tools: [echoTool("a", { run: meet }), echoTool("b", { run: meet })],
    });

    const events = await harness.run("Go");

    expect(resultTexts(events)).toEqual(["met", "met"]);
  });

  test("E3. runs a call with side effects alone, after those before it and before those after it", async () => {
    const order: string[] = [];
    const note = (name: string) => (): string => {
      order.push(name);
      return name;
    };
    await using harness = await openHarness({
      turns: [calls("read", "write", "again"), { text: "Done" }],
      tools: [
        echoTool("read", { run: note("read") }),
        echoTool("write", { run: note("write"), sideEffect: "irreversible" }),
        echoTool("again", { run: note("again") }),
      ],
    });

    await harness.run("Go");

    expect(order).toEqual(["read", "write", "again"]);
  });

  test("waits for a person and runs what they allow", async () => {
    await using harness = await openHarness(asking());
    const runId = await harness.begin("Go");
    const [question] = ofType(await harness.until(isWaiting), "approval_requested");

    await harness.runtime.respond(
      { sessionId, approvalId: question?.approvalId ?? "", answer: "allow", note: "fine" },
      harness.context,
    );

    const events = await harness.until(isFinished);
    expect(ofType(events, "approval_answered")[0]).toMatchObject({
      runId,
      answer: "allow",
      by: "ada",
      note: "fine",
    });
    expect(resultTexts(events)).toEqual(["write: write"]);
  });

  test("tells the model when a person denies", async () => {
    await using harness = await openHarness(asking());
    await harness.begin("Go");
    const [question] = ofType(await harness.until(isWaiting), "approval_requested");

    await harness.runtime.respond(
      { sessionId, approvalId: question?.approvalId ?? "", answer: "deny", note: "not today" },
      harness.context,
    );

    const events = await harness.until(isFinished);
    expect(resultTexts(events)[0]).toMatch(/tool\.denied.*not today/u);
    expect(ofType(events, "effect_started")).toEqual([]);
  });

  test("takes silence as a denial", async () => {
    await using harness = await openHarness({ ...asking(), approvalTimeoutMs: 1 });

    const events = await harness.run("Go");

    expect(ofType(events, "approval_answered")[0]).toMatchObject({ answer: "deny", by: "system" });
    expect(resultTexts(events)[0]).toContain("Nobody answered in time");
  });

  test("counts the first answer only", async () => {
    await using harness = await openHarness(asking());
    await harness.begin("Go");
    const [question] = ofType(await harness.until(isWaiting), "approval_requested");
    const approvalId = question?.approvalId ?? "";
    const answer = (said: "allow" | "deny"): Promise<unknown> =>
      harness.runtime.respond({ sessionId, approvalId, answer: said }, harness.context);

    const codes = await Promise.all([
      codeOf(answer("deny")),
      codeOf(answer("allow")),
      codeOf(answer("allow")),
    ]);

    expect(codes.toSorted()).toEqual(["approval.answered", "approval.answered", "no error"]);
    expect(ofType(await harness.until(isFinished), "approval_answered")).toHaveLength(1);
  });

  test.each([
    ["approval.not_found", { approvalId: "nope", answer: "allow" as const }],
    ["approval.invalid_answer", { answer: "rerun" as const }],
  ])("refuses an answer with %s", async (code, change) => {
    await using harness = await openHarness(asking());
    await harness.begin("Go");
    const [question] = ofType(await harness.until(isWaiting), "approval_requested");

    const answered = harness.runtime.respond(
      { sessionId, approvalId: question?.approvalId ?? "", ...change },
      harness.context,
    );

    expect(await codeOf(answered)).toBe(code);
  });

  test("refuses an answer that comes too late", async () => {
    const store = memoryStore();
    await using first = await openHarness({ ...asking(), store, approvalTimeoutMs: 60_000 });
    await first.begin("Go");
    const [question] = ofType(await first.until(isWaiting), "approval_requested");
    await using later = await openHarness({
      store,
      clock: { ...systemClock, now: () => Date.now() + 120_000 },
    });

    const answered = later.runtime.respond(
      { sessionId, approvalId: question?.approvalId ?? "", answer: "allow" },
      later.context,
    );

    expect(await codeOf(answered)).toBe("approval.expired");
  });

  test("keeps a question over a restart and takes the answer another process gave meanwhile", async () => {
    const store = memoryStore();
    let approvalId = "";
    {
      await using first = await openHarness({ ...asking(), store });
      await first.begin("Go");
      approvalId = ofType(await first.until(isWaiting), "approval_requested")[0]?.approvalId ?? "";
    }

    await using second = await openHarness({ ...asking(), store });
    await second.runtime.respond({ sessionId, approvalId, answer: "allow" }, second.context);

    const events = await second.until(isFinished);
    expect(resultTexts(events)).toEqual(["write: write"]);
    expect(ofType(events, "approval_requested")).toHaveLength(1);
  });

  test("E4. does not go on, and runs nothing, under another profile than the run began with", async () => {
    const store = memoryStore();
    let approvalId = "";
    {
      await using first = await openHarness({ ...asking(), store });
      await first.begin("Go");
      approvalId = ofType(await first.until(isWaiting), "approval_requested")[0]?.approvalId ?? "";
    }
    const profile = { access: "full", workspace: "/", network: true } as const;
    await using second = await openHarness({
      ...asking(),
      store,
      openEnvironment: () => Promise.resolve(createHostEnvironment({ profile })),
    });
    await second.runtime.respond({ sessionId, approvalId, answer: "allow" }, second.context);

    const events = await second.until(isFinished);
    expect(ofType(events, "run_finished")[0]?.error?.code).toBe("run.profile_changed");
    expect(ofType(events, "effect_started")).toEqual([]);
  });

  test("E2. runs an interrupted pure effect again, under the same key", async () => {
    const store = memoryStore();
    const started = Promise.withResolvers<void>();
    {
      const hang = echoTool("read", {
        run: (_, signal) => {
          started.resolve();
          return new Promise((_resolve, reject) =>
            signal.addEventListener("abort", () => reject(new Error("stopped"))),
          );
        },
      });
      await using first = await openHarness({ turns: [calls("read")], tools: [hang], store });
      await first.begin("Go");
      await started.promise;
    }

    await using second = await openHarness({
      turns: [calls("read"), { text: "Done" }],
      tools: [echoTool("read")],
      store,
    });
    const events = await second.until(isFinished);

    expect(ofType(events, "run_resumed")).toHaveLength(1);
    expect(new Set(ofType(events, "effect_started").map((event) => event.idempotencyKey)).size).toBe(1);
    expect(resultTexts(events)).toEqual(["read: read"]);
    expect(ofType(events, "model_finished")).toHaveLength(2);
  });

  test.each([
    ["rerun", 1, "write: write"],
    ["done", 0, "A person confirmed"],
    ["deny", 0, "It is unknown"],
  ] as const)(
    "E2. asks what became of an interrupted irreversible effect: %s",
    async (answer, runs, text) => {
      const store = memoryStore();
      const started = Promise.withResolvers<void>();
      const hang = echoTool("write", {
        sideEffect: "irreversible",
        run: (_, signal) => {
          started.resolve();
          return new Promise((_resolve, reject) =>
            signal.addEventListener("abort", () => reject(new Error("stopped"))),
          );
        },
      });
      {
        await using first = await openHarness({ turns: [calls("write")], tools: [hang], store });
        await first.begin("Go");
        await started.promise;
      }
      let ran = 0;
      const tool = echoTool("write", {
        sideEffect: "irreversible",
        run: (said) => {
          ran += 1;
          return `write: ${said}`;
        },
      });

      await using second = await openHarness({
        turns: [calls("write"), { text: "Done" }],
        tools: [tool],
        store,
      });
      const [question] = ofType(await second.until(isWaiting), "approval_requested");
      expect([question?.reason, ran]).toEqual(["unknown_effect", 0]);
      await second.runtime.respond(
        { sessionId, approvalId: question?.approvalId ?? "", answer },
        second.context,
      );

      expect(resultTexts(await second.until(isFinished))[0]).toContain(text);
      expect(ran).toBe(runs);
    },
  );
});

function asking() {
  return {
    turns: [calls("write"), { text: "Done" }],
    tools: [echoTool("write", { sideEffect: "irreversible" })],
    policy: policyOf({ write: "ask" }),
  } as const;
}
