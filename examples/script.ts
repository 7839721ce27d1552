/**
 * Programmatic tool calling: the model writes a program that calls a tool fifty times, and reads one line.
 *
 * Run it with: node --conditions=@tau/source examples/script.ts
 */
import { createOpenAiChat } from "@tau/agent";
import { startScriptedServer } from "@tau/agent/scripted";
import { createCallContext } from "@tau/core";
import { completeRun, createMemoryRuntime } from "@tau/runtime";
import { createScriptTool } from "@tau/script";
import { createToolRegistry, defineTool } from "@tau/tools";

const orders = defineTool<{ page: number }>({
  name: "orders",
  description: "A page of orders.",
  input: { type: "object", properties: { page: { type: "integer" } }, required: ["page"] },
  sideEffect: "pure",
  execute: ({ page }) => ({
    orders: Array.from({ length: 20 }, (_, index) => ({
      id: page * 20 + index,
      cents: page * 100 + index,
      note: "x".repeat(200),
    })),
  }),
});

const code = `
const pages = await Promise.all(Array.from({ length: 50 }, (_, page) => tools.orders({ page })));
const all = pages.flatMap(({ orders }) => orders);
print(all.length, "orders,", all.reduce((sum, { cents }) => sum + cents, 0), "cents");
`;
await using script = await startScriptedServer({
  turns: [
    { toolCalls: [{ name: "run_script", arguments: { code } }] },
    { text: "1000 orders, 2459500 cents." },
  ],
});
await using runtime = await createMemoryRuntime({
  agents: [
    {
      name: "main",
      model: createOpenAiChat({ baseUrl: `${script.url}/v1`, model: "scripted" }),
      tools: createToolRegistry({ tools: [createScriptTool(), orders] }),
      // A script does nothing by itself: each of its calls is decided on like any other.
      policyFor: () => ({
        decide: ({ tool }) =>
          tool.sideEffect === "pure" || tool.name === "run_script"
            ? { decision: "allow", reason: "It only looks." }
            : { decision: "deny", reason: "It changes something." },
      }),
    },
  ],
});
const context = createCallContext({ tenant: "shop", principal: { id: "ada", kind: "person", scopes: [] } });
const { sessionId, text } = await completeRun(runtime, { prompt: "What did we sell?" }, context);
const calls: string[] = [];
for await (const batch of runtime.attach({ sessionId, fromSeq: 1 }, context)) {
  for (const one of batch) {
    if (one.kind !== "event" || one.event.type !== "effect_finished") continue;
    calls.push(one.event.tool);
    const [part] = one.event.result.content;
    if (one.event.tool === "run_script" && part?.type === "text") console.log(part.text);
  }
  if (calls.includes("run_script")) break;
}
console.log(
  `${calls.filter((name) => name === "orders").length} calls are in the log, one result is in the prompt`,
);
console.log(text);
