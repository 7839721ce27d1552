import { createOpenAiChat } from "@tau/agent";
import { startScriptedServer } from "@tau/agent/scripted";
import { createCallContext, isJsonObject, parseJson } from "@tau/core";
import type { JsonObject } from "@tau/core";
import { createMemoryRuntime } from "@tau/runtime";
import { createHostEnvironment, createPermissionPolicy, createToolRegistry, defineTool } from "@tau/tools";
import { createToolContext } from "@tau/tools/testing";
import { describe, expect, onTestFinished, test } from "vitest";

import { runtimeTools } from "./runtime-tools.ts";

const profile = { access: "workspace-write", workspace: "/tmp", network: false } as const;

/** An agent whose tool `hold` ends when `release` is called, and the tools that a client has of it. */
async function openBench(asks = false) {
  const model = await startScriptedServer({
    turns: [{ text: "I hold.", toolCalls: [{ name: "hold", arguments: {} }] }, { text: "It is done." }],
  });
  const { promise: held, resolve: release } = Promise.withResolvers<string>();
  const hold = defineTool({
    name: "hold",
    description: "Holds.",
    input: { type: "object" },
    sideEffect: "irreversible",
    execute: async (_input, { signal }) => {
      const { promise, reject } = Promise.withResolvers<never>();
      signal.addEventListener("abort", () => reject(signal.reason));
      return await Promise.race([held, promise]);
    },
  });
  const environment = createHostEnvironment({ profile });
  const runtime = await createMemoryRuntime({
    agents: [
      {
        name: "main",
        model: createOpenAiChat({ baseUrl: `${model.url}/v1`, model: "scripted" }),
        tools: createToolRegistry({ tools: [hold] }),
        openEnvironment: () => Promise.resolve(environment),
        policyFor: () =>
          createPermissionPolicy({
            profile: "workspace-write",
            rules: asks ? { ask: ["hold"] } : { allow: ["hold"] },
            approvals: "ask",
          }),
      },
    ],
  });
  onTestFinished(async () => {
    await runtime[Symbol.asyncDispose]();
    await environment[Symbol.asyncDispose]();
    await model.close();
  });
  const tools = createToolRegistry({ tools: runtimeTools(runtime, []) });
  const call = createCallContext({ tenant: "acme", principal: { id: "ada", kind: "person", scopes: [] } });
  const context = createToolContext({ call, environment });
  return {
    runtime,
    call,
    release: () => release("Held."),
    tools,
    async use(name: string, args: JsonObject): Promise<JsonObject> {
      const toolCall = { type: "tool_call", id: "1", name, arguments: JSON.stringify(args) } as const;
      const { result, code } = await tools.execute(toolCall, context);
      const text = result.content.map((part) => (part.type === "text" ? part.text : "")).join("");
      const parsed = parseJson(text);
      return parsed.ok && isJsonObject(parsed.value) ? parsed.value : { text, code: code ?? "none" };
    },
  };
}

describe("runTools()", () => {
  test("begin a run, tell how it stands, wait for its end, and show what was said", async () => {
    const { use, release } = await openBench();
    const { session = "", run = "" } = await use("agent_start", { prompt: "Hold on" });

    // How far it is depends on the machine; it cannot have ended.
    expect((await use("run_result", { session, run }))["status"]).toMatch(/^(?:queued|running)$/u);
    expect((await use("run_result", { session, run, waitMs: 1 }))["status"]).not.toBe("completed");
    release();
    expect(await use("run_result", { session, run, waitMs: 60_000 })).toMatchObject({
      session,
      run,
      status: "completed",
      text: "It is done.",
      reason: "answered",
      pending: [],
    });
    expect(await use("session_read", { session })).toEqual({
      session,
      said: [
        { role: "user", text: "Hold on" },
        { role: "assistant", text: "I hold.", tools: ["hold"] },
        { role: "assistant", text: "It is done." },
      ],
    });
    expect((await use("session_read", { session, last: 1 }))["said"]).toEqual([
      { role: "assistant", text: "It is done." },
    ]);
  });

  test("tell what a run waits for, and cancel it", async () => {
    const { use, runtime, call, release } = await openBench(true);
    const { session, run } = await use("agent_start", { prompt: "Hold on" });
    if (typeof session !== "string" || typeof run !== "string") throw new TypeError("It has ids.");
    for await (const batch of runtime.attach(
      { sessionId: session, fromSeq: 1, untilRunEnds: run, untilRunWaits: true },
      call,
    ))
      expect(batch.length).toBeGreaterThan(0);

    const waiting = await use("run_result", { session, run });
    expect(waiting).toMatchObject({
      status: "waiting",
      pending: [{ summary: expect.stringContaining("hold") }],
    });
    expect(await use("run_cancel", { session, run })).toMatchObject({
      text: expect.stringContaining("Cancelled"),
    });
    expect(await use("run_result", { session, run, waitMs: 60_000 })).toMatchObject({
      status: "cancelled",
      pending: [],
    });
    release();
  });

  test("know no session of another tenant, and are nothing that needs no rule", async () => {
    const { use, tools } = await openBench();
    expect(await use("run_result", { session: "s", run: "r" })).toMatchObject({ code: "session.not_found" });
    const policy = createPermissionPolicy({ profile: "workspace-write", approvals: "never" });
    for (const name of ["agent_start", "run_cancel", "session_read"]) {
      const tool = tools.get(name);
      const access = tool.access({ prompt: "x", session: "s", run: "r" }, "/tmp");
      expect(policy.decide({ tool, access, workspace: "/tmp" }).decision).toBe("deny");
    }
  });
});
