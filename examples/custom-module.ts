/**
 * A module of your own beside those that Tau brings: tools that need something to be opened and closed.
 *
 * Run it with: node --conditions=@tau/source examples/custom-module.ts
 */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { createOpenAiChat } from "@tau/agent";
import { startScriptedServer } from "@tau/agent/scripted";
import { createCallContext } from "@tau/core";
import { completeRun, createMemoryRuntime } from "@tau/runtime";
import { createModuleRegistry, createPlanningModule, createToolRegistry, defineTool } from "@tau/tools";
import type { Module } from "@tau/tools";

/** Notes that are written down when the module ends, and not before. */
function notebook(path: string): Module {
  const notes: string[] = [];
  return {
    name: "notebook",
    description: "Notes for later.",
    initialize: async () => console.log("the notebook is open"),
    cleanup: async () => {
      await writeFile(path, notes.join("\n"));
      console.log("the notebook is closed");
    },
    tools: () => [
      defineTool<{ text: string }>({
        name: "note",
        description: "Writes a note down.",
        input: { type: "object", properties: { text: { type: "string" } }, required: ["text"] },
        sideEffect: "idempotent",
        execute: ({ text }) => `${notes.push(text)} noted`,
      }),
    ],
  };
}

await using script = await startScriptedServer({
  turns: [
    { toolCalls: [{ name: "create_plan", arguments: { goal: "Remember", steps: ["Take a note"] } }] },
    { toolCalls: [{ name: "note", arguments: { text: "Buy milk" } }] },
    { toolCalls: [{ name: "update_plan", arguments: { step_number: 1, status: "completed" } }] },
    { text: "It is noted." },
  ],
});
const folder = await mkdtemp(join(tmpdir(), "example-"));
const path = join(folder, "notes.txt");
const context = createCallContext({ tenant: "home", principal: { id: "ada", kind: "person", scopes: [] } });
const tools = createToolRegistry();
{
  await using modules = createModuleRegistry(tools, [createPlanningModule(), notebook(path)]);
  await modules.start(context.signal);
  console.log(
    tools
      .list()
      .map(({ name }) => name)
      .join(" "),
  );
  await using runtime = await createMemoryRuntime({
    agents: [
      {
        name: "main",
        model: createOpenAiChat({ baseUrl: `${script.url}/v1`, model: "scripted" }),
        tools,
        policyFor: () => ({ decide: () => ({ decision: "allow", reason: "These tools only write notes." }) }),
      },
    ],
  });
  const run = await completeRun(runtime, { prompt: "Remember to buy milk." }, context);
  console.log(run.text);
}
console.log(await readFile(path, "utf8"));
await rm(folder, { recursive: true });
