import { tmpdir } from "node:os";

import type { Model } from "@tau/agent";
import { createCallContext, noUsage } from "@tau/core";
import type { AssistantMessage, SessionEvent } from "@tau/core";
import { createMemoryRuntime, completeRun } from "@tau/runtime";
import { createHostEnvironment, createToolRegistry, defineTool } from "@tau/tools";
import type { Tool } from "@tau/tools";
import { describe, expect, test } from "vitest";

import { createScriptTool } from "./script-tool.ts";
import type { ScriptToolOptions } from "./script-tool.ts";

const double = defineTool<{ n: number }>({
  name: "double",
  description: "Doubles.",
  input: { type: "object", properties: { n: { type: "number" } }, required: ["n"] },
  sideEffect: "pure",
  execute: ({ n }) => ({ result: n * 2, secret: "stays here" }),
});

const pay = defineTool({
  name: "pay",
  description: "Pays.",
  input: { type: "object" },
  sideEffect: "irreversible",
  execute: () => "paid",
});

interface Ran {
  /** What the model read. */
  readonly text: string;
  readonly isError: boolean;
  readonly events: readonly SessionEvent[];
}

/** Runs a script as a model would, under rules that ask about `pay` and allow the rest. */
async function script(
  code: string,
  options: ScriptToolOptions = {},
  more: readonly Tool[] = [],
): Promise<Ran> {
  const call = {
    type: "tool_call",
    id: "c1",
    name: "run_script",
    arguments: JSON.stringify({ code }),
  } as const;
  const answers: readonly AssistantMessage[] = [
    { role: "assistant", parts: [call] },
    { role: "assistant", parts: [{ type: "text", text: "Done" }] },
  ];
  const model: Model = {
    provider: "test",
    id: "test",
    async *stream({ messages }) {
      const message = answers[messages.filter(({ role }) => role === "assistant").length];
      if (message === undefined) throw new TypeError("There is no further answer.");
      const stopReason = message === answers[0] ? "tool_calls" : "stop";
      yield [{ type: "finished", message, usage: noUsage, stopReason, model: "test" }];
    },
  };
  const profile = { access: "workspace-write", workspace: tmpdir(), network: false } as const;
  const agent = {
    name: "main",
    model,
    tools: createToolRegistry({ tools: [createScriptTool(options), double, pay, ...more] }),
    openEnvironment: async () => createHostEnvironment({ profile }),
    policyFor: () => ({
      decide: ({ tool }: { tool: { name: string } }) => ({
        decision: tool.name === "pay" ? ("ask" as const) : ("allow" as const),
        reason: "The test says so.",
      }),
    }),
  };
  await using runtime = await createMemoryRuntime({ agents: [agent] });
  const context = createCallContext({ tenant: "acme", principal: { id: "ada", kind: "person", scopes: [] } });
  const { sessionId } = await completeRun(runtime, { prompt: "Go" }, context);
  const events: SessionEvent[] = [];
  for await (const batch of runtime.attach({ sessionId, fromSeq: 1 }, context)) {
    for (const one of batch) if (one.kind === "event") events.push(one.event);
    if (events.at(-1)?.type === "run_finished") break;
  }
  const end = events.findLast((event) => event.type === "effect_finished");
  if (end?.type !== "effect_finished") throw new TypeError("The script ended.");
  const text = end.result.content.map((part) => (part.type === "text" ? part.text : "")).join("");
  return { text, isError: end.result.isError, events };
}

describe("run_script", () => {
  test("calls tools and gives the model what it prints and returns, and nothing else", async () => {
    const { text, events } = await script(`
      const all = await Promise.all([1, 2, 3].map((n) => tools.double({ n })));
      print("sum", all.reduce((sum, { result }) => sum + result, 0));
      return { first: all[0].result };
    `);

    expect(text).toBe('sum 12\n{"first":2}');
    const inner = events.flatMap((event) => (event.type === "effect_finished" ? [event.tool] : []));
    expect(inner).toEqual(["double", "double", "double", "run_script"]);
  });

  test("lets a script handle what a tool refuses: wrong arguments, unknown tools, questions to a person", async () => {
    const { text, isError } = await script(`
      for (const [name, args] of [["double", { n: "x" }], ["nothing", {}], ["pay", {}], ["double", 3]]) {
        try { await callTool(name, args); print("went through"); } catch (error) { print(error.name, error.message.split(":")[0]); }
      }
    `);

    expect(text).toBe(
      "ToolError tool.invalid_arguments\nToolError tool.not_found\nToolError call.needs_person\nToolError tool.invalid_arguments",
    );
    expect(isError).toBe(false);
  });

  test("says what went wrong, where, and what was printed before", async () => {
    const thrown = await script(`print("before");\nconst x = null;\nreturn x.field;`);
    expect(thrown.isError).toBe(true);
    expect(thrown.text).toContain("script.failed: TypeError");
    expect(thrown.text).toContain("(line 3)");
    expect(thrown.text).toContain("before");
    expect((await script("const = 1")).text).toContain("script.failed: SyntaxError");
    expect((await script("throw 'text'")).text).toContain('threw "text"');
  });

  test.each([
    "require('fs')",
    "process.env",
    "await import('fs')",
    "await import('node:fs')",
    "fetch('http://127.0.0.1')",
    "globalThis.constructor.constructor('return process')().env",
    "tools.constructor.constructor('return process')()",
    "new Worker('x')",
    "setTimeout(() => 1, 1)",
    "WebAssembly.compile",
    "Date.now()",
    "new Date()",
    "Date()",
    "new Date(0).constructor.now()",
    "new (new Date(0).constructor)()",
    "Math.random()",
    "__call('pay', '{}')",
  ])("reaches nothing but tools: %s", async (code) => {
    const { text, isError } = await script(`return JSON.stringify(${code}) ?? "nothing";`);

    expect({ isError, text }).toMatchObject({
      isError: true,
      text: expect.stringContaining("script.failed"),
    });
  });

  test("ends a script that computes for ever, takes too much memory or calls too deep", async () => {
    expect((await script("for (;;) {}", { timeoutMs: 500 })).text).toContain("tool.timeout");
    const memory = "let all = [1]; for (;;) all = all.concat(all);";
    expect((await script(memory, { memoryBytes: 4 * 2 ** 20 })).text).toContain("script.failed");
    expect((await script("const f = () => f() + 1; return f();")).text).toContain("script.failed");
  });

  test("ends a script that calls too often", async () => {
    const { text } = await script("for (let n = 0; n < 9; n++) await tools.double({ n });", { maxCalls: 3 });

    expect(text).toContain("script.too_many_calls");
  });

  test("gives the model little of much, and keeps the rest", async () => {
    const { text } = await script("print('x'.repeat(100000))", { maxOutputChars: 1_000 });

    expect(text.length).toBeLessThan(1_400);
    expect(text).toMatch(/artifact:[0-9a-f]+/u);
  });

  test("does nothing where tools cannot call others", async () => {
    const tool = createScriptTool();
    const context = {
      call: createCallContext({ tenant: "acme", principal: { id: "ada", kind: "person", scopes: [] } }),
    };
    // What the tool looks at before it finds out.
    await expect(Reflect.apply(tool.execute, tool, [{ code: "1" }, context])).rejects.toMatchObject({
      code: "script.unavailable",
    });
  });
});
