/**
 * A tool of your own that needs a person's permission, which the program gives or refuses.
 *
 * Run it with: node --conditions=@tau/source examples/custom-tool.ts
 */
import { createOpenAiChat } from "@tau/agent";
import { startScriptedServer } from "@tau/agent/scripted";
import { createCallContext, userText } from "@tau/core";
import {
  createEmbeddedEngine,
  createMemoryContentStore,
  createMemoryJournal,
  createMemoryLeases,
  createRuntime,
} from "@tau/runtime";
import { createPermissionPolicy, createToolRegistry, defineTool } from "@tau/tools";

const refund = defineTool<{ order: string; cents: number }>({
  name: "refund",
  description: "Pays an order back. Cannot be undone.",
  input: {
    type: "object",
    properties: { order: { type: "string" }, cents: { type: "integer", minimum: 1 } },
    required: ["order", "cents"],
    additionalProperties: false,
  },
  sideEffect: "irreversible",
  execute: ({ order, cents }) => `Paid ${cents} cents back for ${order}.`,
});

// A script plays the model over HTTP. For a real one, give createOpenAiChat its baseUrl, apiKey and model.
await using script = await startScriptedServer({
  turns: [
    {
      text: "I pay both orders back.",
      toolCalls: [
        { name: "refund", arguments: { order: "A-1", cents: 900 } },
        { name: "refund", arguments: { order: "A-2", cents: 90_000 } },
      ],
    },
    { text: "A-1 is paid back. A-2 was refused: a person has to look at it." },
  ],
});

const journal = createMemoryJournal();
await using engine = createEmbeddedEngine({ journal, leases: createMemoryLeases() });
const runtime = createRuntime({
  journal,
  engine,
  content: createMemoryContentStore(),
  agents: [
    {
      name: "support",
      model: createOpenAiChat({ baseUrl: `${script.url}/v1`, model: "scripted" }),
      tools: createToolRegistry({ tools: [refund] }),
      policyFor: () =>
        createPermissionPolicy({
          profile: "workspace-write",
          rules: { ask: [{ rule: "refund", reason: "It is money." }] },
          approvals: "policy",
        }),
    },
  ],
});
await runtime.start();

const context = createCallContext({ tenant: "shop", principal: { id: "ada", kind: "person", scopes: [] } });
const { sessionId } = await runtime.createSession({}, context);
const prompt = userText("Pay A-1 and A-2 back.");
const { runId, fromSeq } = await runtime.startRun({ sessionId, prompt }, context);

for await (const batch of runtime.attach({ sessionId, fromSeq, untilRunEnds: runId }, context)) {
  for (const one of batch) {
    if (one.kind !== "event") continue;
    const { event } = one;
    if (event.type === "approval_requested") {
      // Here a person would look. This shop lets small sums through; an answer holds for these arguments only.
      const { cents }: { readonly cents: number } = JSON.parse(event.arguments);
      const answer = cents < 5_000 ? "allow" : "deny";
      console.log(`${event.tool} ${event.arguments}: ${answer}`);
      await runtime.respond({ sessionId, approvalId: event.approvalId, answer }, context);
    }
    if (event.type === "effect_finished") console.log(event.outcome);
    if (event.type === "run_finished") console.log(event.status);
  }
}
