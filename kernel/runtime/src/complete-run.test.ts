import { createCallContext, joinLabels, untrusted, userLabel } from "@tau/core";
import { createToolRegistry, defineTool } from "@tau/tools";
import { describe, expect, test } from "vitest";

import { completeRun } from "./complete-run.ts";
import { createMemoryRuntime } from "./create-memory-runtime.ts";
import { echoTool, turnModel } from "./runtime-harness.test.support.ts";
import type { Turn } from "./runtime-harness.test.support.ts";

const principal = { id: "ada", kind: "person", scopes: [] } as const;

function open(turns: readonly Turn[]) {
  const tools = createToolRegistry({ tools: [echoTool("echo")] });
  return createMemoryRuntime({ agents: [{ name: "main", model: turnModel(turns), tools }] });
}

describe("completeRun()", () => {
  test("answers the last text and how the run ended", async () => {
    await using runtime = await open([{ text: "Let me see", calls: [{ name: "echo" }] }, { text: "Done" }]);

    const run = await completeRun(
      runtime,
      { prompt: "Go" },
      createCallContext({ tenant: "acme", principal }),
    );

    expect(run).toMatchObject({ text: "Done", status: "completed", reason: "answered", steps: 2 });
  });

  test("counts below the run that its caller is in, and tells what the answer was made of", async () => {
    const paths: (readonly string[] | undefined)[] = [];
    const tools = createToolRegistry({
      tools: [
        defineTool({
          name: "look",
          description: "Looks.",
          input: { type: "object" },
          sideEffect: "pure",
          label: untrusted("web:example.org"),
          execute: (_input, { call }) => {
            paths.push(call.runPath);
            return "seen";
          },
        }),
      ],
    });
    const model = turnModel([{ calls: [{ name: "look" }] }, { text: "Done" }]);
    await using runtime = await createMemoryRuntime({ agents: [{ name: "main", model, tools }] });
    const context = createCallContext({ tenant: "acme", principal, runPath: ["above"] });

    const { runId, label } = await completeRun(runtime, { prompt: "Go" }, context);

    expect(paths).toEqual([["above", runId]]);
    expect(label).toMatchObject({ integrity: "untrusted" });
  });

  test("goes on with a session", async () => {
    await using runtime = await open([{ text: "One" }, { text: "Two" }]);
    const context = createCallContext({ tenant: "acme", principal });
    const { sessionId } = await completeRun(runtime, { prompt: "Go" }, context);

    const second = await completeRun(runtime, { prompt: "Next", sessionId }, context);

    expect(second).toMatchObject({ sessionId, text: "Two" });
  });

  test("hands a label down to a child and its answer's label back", async () => {
    const label = untrusted("web:example.org");
    await using runtime = await open([{ text: "One" }, { text: "Two" }]);
    const context = createCallContext({ tenant: "acme", principal });

    const own = await completeRun(runtime, { prompt: "Go" }, context);
    const child = await completeRun(runtime, { prompt: "Go", label }, context);

    expect(own.label).toBeUndefined();
    expect(child.label).toEqual(joinLabels(userLabel, label));
  });

  test("cancels the run when its caller gives up", async () => {
    const caller = new AbortController();
    const stopped = Promise.withResolvers<unknown>();
    await using runtime = await open([
      (_, signal) => {
        const closed = new Promise<never>((_resolve, reject) => {
          signal.addEventListener("abort", () => {
            stopped.resolve(signal.reason);
            reject(new Error("closed"));
          });
        });
        caller.abort(new Error("enough"));
        return closed;
      },
    ]);
    const context = createCallContext({ tenant: "acme", principal, signal: caller.signal });

    await expect(completeRun(runtime, { prompt: "Go" }, context)).rejects.toThrow("enough");

    expect(await stopped.promise).toMatchObject({ code: "engine.cancelled" });
  });
});
