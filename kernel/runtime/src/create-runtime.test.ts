import { userText } from "@tau/core";
import { createToolRegistry } from "@tau/tools";
import { describe, expect, test } from "vitest";

import { createRuntime } from "./create-runtime.ts";
import { createEmbeddedEngine } from "./engine/embedded-engine.ts";
import {
  codeOf,
  collect,
  contextOf,
  echoTool,
  memoryStore,
  ofType,
  openHarness,
  sessionId,
  turnModel,
} from "./runtime-harness.test.support.ts";

const isFinished = (event: { readonly type: string }): boolean => event.type === "run_finished";

/** A tool that runs until it is stopped, and tells when it began. */
function hangingTool() {
  const started = Promise.withResolvers<void>();
  const tool = echoTool("wait", {
    sideEffect: "irreversible",
    run: (_, signal) => {
      started.resolve();
      return new Promise((_resolve, reject) =>
        signal.addEventListener("abort", () => reject(new Error("stopped"))),
      );
    },
  });
  return { tool, started: started.promise };
}

const waiting = { calls: [{ name: "wait" }] };

describe("createRuntime()", () => {
  test("makes a session once for one external id", async () => {
    await using harness = await openHarness();

    const first = await harness.runtime.createSession({ externalId: "mine" }, harness.context);
    const again = await harness.runtime.createSession({ externalId: "mine" }, harness.context);

    expect([first.sessionId, again.version]).toEqual(["mine", 1]);
    expect(await codeOf(harness.runtime.createSession({ externalId: "no spaces" }, harness.context))).toBe(
      "session.invalid_id",
    );
  });

  test("runs a prompt once for one run id", async () => {
    await using harness = await openHarness({ turns: [{ text: "One" }, { text: "Two" }] });
    await harness.run("Go", { runId: "r1" });

    await harness.begin("Go", { runId: "r1" });
    await harness.run("Next", { runId: "r2" });

    expect((await harness.runtime.getSession(sessionId, harness.context)).turns).toBe(2);
  });

  test("shows a run that was handed in again from its own first event", async () => {
    await using harness = await openHarness({ turns: [{ text: "One" }, { text: "Two" }] });
    const first = await harness.run("Go", { runId: "r1" });
    await harness.run("Next", { runId: "r2" });

    const again = await harness.runtime.startRun(
      { sessionId, prompt: userText("Go"), runId: "r1" },
      harness.context,
    );
    const events = await collect(
      harness.runtime.attach({ sessionId, fromSeq: again.fromSeq, untilRunEnds: "r1" }, harness.context),
    );

    expect(events).toEqual(first);
  });

  test("hides a tenant's sessions from every other tenant", async () => {
    await using harness = await openHarness({ turns: [{ text: "Hello" }] });
    await harness.run("Hi");
    const { runtime } = harness;
    const other = contextOf("globex");
    const run = { sessionId, runId: "r", reason: "no" };

    const codes = await Promise.all([
      codeOf(runtime.getSession(sessionId, other)),
      codeOf(runtime.startRun({ sessionId, prompt: userText("Hi") }, other)),
      codeOf(runtime.cancelRun(run, other)),
      codeOf(runtime.injectContext({ sessionId, entries: [] }, other)),
      codeOf(runtime.respond({ sessionId, approvalId: "a", answer: "allow" }, other)),
      codeOf(runtime.forkSession({ sessionId, atSeq: 1 }, other)),
      codeOf(collect(runtime.attach({ sessionId, fromSeq: 1 }, other))),
    ]);

    expect(new Set(codes)).toEqual(new Set(["session.not_found"]));
    expect(await runtime.listSessions({ limit: 10 }, other)).toEqual({ sessions: [] });
  });

  test("refuses a run before it was started", async () => {
    const { journal, leases, content } = memoryStore();
    await using engine = createEmbeddedEngine({ journal, leases });
    const agent = { name: "main", model: turnModel([]), tools: createToolRegistry() };
    const runtime = createRuntime({ journal, content, engine, agents: [agent] });
    await runtime.createSession({ externalId: sessionId }, contextOf());

    const started = runtime.startRun({ sessionId, prompt: userText("Hi") }, contextOf());

    expect(await codeOf(started)).toBe("runtime.not_started");
  });

  test("names the agents when it does not know one", async () => {
    await using harness = await openHarness();
    await harness.runtime.createSession({ externalId: sessionId }, harness.context);

    const started = harness.runtime.startRun(
      { sessionId, prompt: userText("Hi"), agent: "nobody" },
      harness.context,
    );

    await expect(started).rejects.toMatchObject({
      code: "agent.not_found",
      message: expect.stringContaining("main"),
    });
  });

  test("cancels a run down to its tool and writes how it ended", async () => {
    const { tool, started } = hangingTool();
    await using harness = await openHarness({ turns: [waiting], tools: [tool] });
    const runId = await harness.begin("Go");
    await started;

    await harness.runtime.cancelRun({ sessionId, runId, reason: "changed my mind" }, harness.context);

    const events = await harness.until(isFinished);
    expect(ofType(events, "effect_finished")[0]?.outcome).toBe("cancelled");
    expect(ofType(events, "run_finished")[0]).toMatchObject({ status: "cancelled", reason: "cancelled" });
  });

  test("cancels a run while the model is thinking", async () => {
    const asked = Promise.withResolvers<void>();
    const model = turnModel([
      (_, signal) => {
        asked.resolve();
        return new Promise((_resolve, reject) =>
          signal.addEventListener("abort", () => reject(new Error("closed"))),
        );
      },
    ]);
    await using harness = await openHarness({ model });
    const runId = await harness.begin("Go");
    await asked.promise;

    await harness.runtime.cancelRun({ sessionId, runId, reason: "stop" }, harness.context);

    expect(ofType(await harness.until(isFinished), "run_finished")[0]?.status).toBe("cancelled");
  });

  test.each([
    [
      "a time limit",
      "run.time_limit",
      { limits: { maxDurationMs: 1 } },
      { status: "failed", reason: "limit_time" },
    ],
    ["a deadline", "run.deadline", { deadline: 1 }, { status: "cancelled", reason: "deadline" }],
  ])("ends a run at %s and tells its tool why", async (_, code, options, end) => {
    const reasons: unknown[] = [];
    const tool = echoTool("wait", {
      run: (_text, signal) =>
        new Promise((_resolve, reject) => {
          const stop = (): void => {
            reasons.push(signal.reason);
            reject(new Error("stopped"));
          };
          if (signal.aborted) stop();
          signal.addEventListener("abort", stop);
        }),
    });
    await using harness = await openHarness({ turns: [waiting], tools: [tool] });

    const events = await harness.run("Go", options);

    expect(ofType(events, "run_finished")[0]).toMatchObject(end);
    // A deadline that has passed already ends the run before its tool begins.
    for (const reason of reasons) expect(reason).toMatchObject({ code });
  });

  test("hands injected context to the run at its next step", async () => {
    const { runtime, model, harness } = await injecting();
    await using open = harness;

    const events = await open.run("Go");

    expect(ofType(events, "context_injected")[0]?.entries).toEqual([{ key: "news", content: "It rains." }]);
    expect(JSON.stringify(model.requests[1]?.messages.at(-1))).toContain("It rains.");
    expect(runtime).toBe(open.runtime);
  });

  test("keeps injected context for the next run when none is under way", async () => {
    const model = turnModel([{ text: "One" }]);
    await using harness = await openHarness({ model });
    await harness.runtime.createSession({ externalId: sessionId }, harness.context);
    await harness.runtime.injectContext(
      { sessionId, entries: [{ key: "news", content: "It rains." }] },
      harness.context,
    );

    await harness.run("Go");

    expect(JSON.stringify(model.requests[0]?.messages)).toContain("It rains.");
  });

  test("forks between runs, and only there", async () => {
    const model = turnModel([{ text: "One" }, { text: "Two" }]);
    await using harness = await openHarness({ model });
    await harness.run("first");
    const { version } = await harness.runtime.getSession(sessionId, harness.context);

    const fork = await harness.runtime.forkSession({ sessionId, atSeq: version }, harness.context);

    expect([fork.turns, fork.version]).toEqual([1, version]);
    expect(await codeOf(harness.runtime.forkSession({ sessionId, atSeq: 2 }, harness.context))).toBe(
      "session.busy_fork",
    );
    expect(await codeOf(harness.runtime.forkSession({ sessionId, atSeq: 99 }, harness.context))).toBe(
      "session.invalid_seq",
    );
    await harness.runtime.startRun(
      { sessionId: fork.sessionId, prompt: userText("second"), runId: "r2" },
      harness.context,
    );
    await collect(
      harness.runtime.attach({ sessionId: fork.sessionId, fromSeq: 1, untilRunEnds: "r2" }, harness.context),
    );
    expect(model.requests[1]?.messages).toHaveLength(3);
  });

  test("lists sessions, the one used last first, in pages", async () => {
    await using harness = await openHarness();
    const { runtime, context } = harness;
    for (const id of ["a", "b", "c", "d"]) await runtime.createSession({ externalId: id }, context);
    const { runId } = await runtime.startRun({ sessionId: "b", prompt: userText("Hello") }, context);
    await collect(runtime.attach({ sessionId: "b", fromSeq: 1, untilRunEnds: runId }, context));

    const page = await runtime.listSessions({ limit: 2 }, context);
    // What was shown is used again, and is not shown twice.
    await runtime.startRun({ sessionId: "b", prompt: userText("Again") }, context);
    const rest = await runtime.listSessions({ limit: 2, before: page.nextBefore ?? "" }, context);

    const names = [page, rest].map(({ sessions }) => sessions.map((info) => info.sessionId));
    expect(names).toEqual([
      ["b", "d"],
      ["c", "a"],
    ]);
    expect(rest.nextBefore).toBeUndefined();
  });

  test("tells what a session is about, and where it works", async () => {
    await using harness = await openHarness();
    const { runtime, context } = harness;
    const bootstrap = [{ key: "workspace", content: "/w" }];
    expect(await runtime.createSession({ externalId: "a", bootstrap }, context)).toMatchObject({
      workspace: "/w",
    });
    const { runId } = await runtime.startRun({ sessionId: "a", prompt: userText("Fix\nit") }, context);
    await collect(runtime.attach({ sessionId: "a", fromSeq: 1, untilRunEnds: runId }, context));

    expect(await runtime.getSession("a", context)).toMatchObject({ title: "Fix it", workspace: "/w" });
  });

  test("says of a run whose process is gone that it is interrupted", async () => {
    const store = memoryStore();
    const hangs = async (_request: unknown, signal: AbortSignal): Promise<never> =>
      await new Promise((_resolve, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason));
      });
    await using engine = createEmbeddedEngine({ journal: store.journal, leases: store.leases });
    const agents = [
      { name: "main", model: turnModel([]), tools: createToolRegistry({ tools: [] }) },
    ] as const;
    // Never started: it looks, and takes nothing up.
    await using runtime = createRuntime({ ...store, engine, agents });
    const context = contextOf();
    {
      await using harness = await openHarness({ store, turns: [hangs] });
      await harness.begin("Go");
      await harness.until((event) => event.type === "run_started");
      const info = await runtime.getSession(sessionId, context);
      expect([info.status, info.interrupted]).toEqual(["running", undefined]);
    }
    const { sessions } = await runtime.listSessions({ limit: 5 }, context);
    expect(sessions).toMatchObject([{ sessionId, status: "running", interrupted: true }]);
  });

  test("opens a long session from its checkpoint with the same messages", async () => {
    const store = memoryStore();
    const turns = Array.from({ length: 90 }, (_, turn) => ({ text: `Answer ${turn}` }));
    {
      await using first = await openHarness({ turns, store });
      for (let turn = 0; turn < 80; turn++) await first.run(`Prompt ${turn}`);
    }
    expect(
      await store.journal.loadCheckpoint({ tenant: "acme", stream: `session/${sessionId}` }),
    ).toBeDefined();

    const model = turnModel(turns);
    await using second = await openHarness({ model, store });
    await second.run("One more");

    expect(model.requests[0]?.messages).toHaveLength(161);
    expect((await second.runtime.getSession(sessionId, second.context)).turns).toBe(81);
  });

  test("drops the oldest turns once the history outgrows its budget", async () => {
    const turns = Array.from({ length: 20 }, () => ({ text: "x".repeat(400) }));
    const model = turnModel([]);
    const sizes: number[] = [];
    const counting = {
      ...model,
      async *stream(
        request: Parameters<typeof model.stream>[0],
        context: Parameters<typeof model.stream>[1],
      ) {
        sizes.push(request.messages.length);
        yield* turnModel([...turns]).stream({ ...request, messages: [] }, context);
      },
    };
    await using harness = await openHarness({ model: counting, context: { maxTokens: 500 } });

    for (let turn = 0; turn < 12; turn++) await harness.run("Go");

    expect(Math.max(...sizes)).toBeLessThan(12);
    expect((await harness.runtime.getSession(sessionId, harness.context)).turns).toBe(12);
  });
});

async function injecting() {
  const model = turnModel([{ calls: [{ name: "inject" }] }, { text: "Done" }]);
  const inject = echoTool("inject", {
    run: async () => {
      await harness.runtime.injectContext(
        { sessionId, entries: [{ key: "news", content: "It rains." }] },
        harness.context,
      );
      return "injected";
    },
  });
  const harness = await openHarness({ model, tools: [inject] });
  return { harness, model, runtime: harness.runtime };
}
