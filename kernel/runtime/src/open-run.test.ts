import { tmpdir } from "node:os";

import { createHostEnvironment, createToolRegistry, defineTool } from "@tau/tools";
import type { Environment } from "@tau/tools";
import { describe, expect, test } from "vitest";

import { systemClock } from "./clock.ts";
import {
  echoTool,
  ofType,
  openHarness,
  resultTexts,
  sessionId,
  turnModel,
} from "./runtime-harness.test.support.ts";

const isFinished = (event: { readonly type: string }): boolean => event.type === "run_finished";

function environmentThat(close: () => Promise<void>): Environment & AsyncDisposable {
  const profile = { access: "workspace-write", workspace: tmpdir(), network: false } as const;
  return { ...createHostEnvironment({ profile }), [Symbol.asyncDispose]: close };
}

describe("openRun()", () => {
  test("does not wait for an environment that ignores a cancel, and closes it when it comes", async () => {
    const asked = Promise.withResolvers<void>();
    const opened = Promise.withResolvers<Environment & AsyncDisposable>();
    const closed = Promise.withResolvers<void>();
    await using harness = await openHarness({
      openEnvironment: () => {
        asked.resolve();
        return opened.promise;
      },
    });
    const runId = await harness.begin("Go");
    await asked.promise;

    await harness.runtime.cancelRun({ sessionId, runId, reason: "stop" }, harness.context);
    const events = await harness.until(isFinished);
    opened.resolve(environmentThat(async () => closed.resolve()));
    await closed.promise;

    expect(ofType(events, "run_finished")[0]?.status).toBe("cancelled");
  });

  test("closes the environment when its rules cannot be had", async () => {
    let closed = 0;
    await using harness = await openHarness({
      openEnvironment: async () => environmentThat(async () => void closed++),
      policyFor: () => {
        throw new Error("no rules");
      },
    });

    const events = await harness.run("Go");

    expect(ofType(events, "run_finished")[0]?.status).toBe("failed");
    expect(closed).toBe(1);
  });

  test.each([
    ["cannot be closed", () => Promise.reject(new Error("stuck"))],
    ["never says that it is closed", () => new Promise<void>(() => undefined)],
  ])("lets an answer count though its environment %s", async (_, close) => {
    await using harness = await openHarness({
      turns: [{ text: "Hello" }],
      openEnvironment: async () => environmentThat(close),
      clock: { ...systemClock, sleep: async () => undefined },
    });

    const events = await harness.run("Go");

    expect(ofType(events, "run_finished")[0]).toMatchObject({ status: "completed", reason: "answered" });
  });

  test("closes what tools keep open when the run ends, before the environment, whatever comes of it", async () => {
    const closed: string[] = [];
    const keeping = defineTool({
      name: "keep",
      description: "Keeps something open.",
      input: { type: "object" },
      sideEffect: "pure",
      execute: async (_, { atRunEnd }) => {
        atRunEnd?.(async () => void closed.push("first"));
        atRunEnd?.(() => Promise.reject(new Error("stuck")));
        return "kept";
      },
    });
    await using harness = await openHarness({
      turns: [{ calls: [{ name: "keep" }] }, () => ({ text: `Closed so far: ${closed.length}` })],
      tools: [keeping],
      openEnvironment: async () => environmentThat(async () => void closed.push("environment")),
    });

    const events = await harness.run("Go");

    expect(ofType(events, "run_finished")[0]?.status).toBe("completed");
    expect(JSON.stringify(events)).toContain("Closed so far: 0");
    expect(closed).toEqual(["first", "environment"]);
  });

  test("cancels a run whose tool never ends to look at its arguments", async () => {
    const asked = Promise.withResolvers<void>();
    const tool = {
      ...echoTool("slow"),
      validate: () => {
        asked.resolve();
        return new Promise<never>(() => undefined);
      },
    };
    await using harness = await openHarness({ turns: [{ calls: [{ name: "slow" }] }], tools: [tool] });
    const runId = await harness.begin("Go");
    await asked.promise;

    await harness.runtime.cancelRun({ sessionId, runId, reason: "stop" }, harness.context);

    expect(ofType(await harness.until(isFinished), "run_finished")[0]?.status).toBe("cancelled");
  });

  test("shows the model what its role includes, and runs nothing else", async () => {
    let ran = 0;
    const tools = createToolRegistry({
      tools: [echoTool("read"), echoTool("write", { sideEffect: "irreversible", run: () => `${++ran}` })],
      roles: { reader: { sideEffects: ["pure"] } },
    });
    const model = turnModel([{ calls: [{ name: "write" }] }, { text: "Done" }]);
    await using harness = await openHarness({ model, registry: tools, role: "reader" });

    const events = await harness.run("Go");

    expect(model.requests[0]?.tools.map(({ name }) => name)).toEqual(["read"]);
    expect(resultTexts(events)[0]).toMatch(/^tool\.not_found/u);
    expect(ran).toBe(0);
  });
});
