/**
 * A task that begins only when enough is known: it is blocked, somebody answers, and the model is told what is known and
 * what is not.
 *
 * Run it with: node --conditions=@tau/source examples/readiness.ts
 */
import { createOpenAiChat } from "@tau/agent";
import { startScriptedServer } from "@tau/agent/scripted";
import { createCallContext } from "@tau/core";
import { createReadinessGate, parseRequirements, prepareKnowledge } from "@tau/memory";
import type { KnowledgeProvider, KnowledgeRequirement } from "@tau/memory";
import { completeRun, createMemoryRuntime } from "@tau/runtime";
import { createToolRegistry } from "@tau/tools";

const requirements = parseRequirements([
  { id: "region", description: "The region to deploy to", importance: "blocking", requiredFor: ["deploy"] },
  {
    id: "framework",
    description: "The web framework",
    acquisitionMode: "inspect_repo",
    importance: "medium",
    confidenceNeeded: 0.8,
  },
  {
    id: "budget",
    description: "The monthly budget",
    importance: "low",
    fallbackPolicy: "continue_with_caveat",
  },
]);

async function deploy(known: readonly KnowledgeRequirement[]): Promise<void> {
  await using server = await startScriptedServer({ turns: [{ text: "Deployed." }] });
  const model = createOpenAiChat({ baseUrl: `${server.url}/v1`, model: "scripted" });
  await using runtime = await createMemoryRuntime({
    agents: [
      {
        name: "main",
        model,
        tools: createToolRegistry(),
        hooks: [createReadinessGate({ requirements: known })],
      },
    ],
  });
  const principal = { id: "ada", kind: "person", scopes: [] } as const;
  const run = await completeRun(
    runtime,
    { prompt: "Deploy." },
    createCallContext({ tenant: "acme", principal }),
  );
  console.log(run.error?.code ?? run.text);
  const told = JSON.stringify(server.requests[0]?.body ?? "");
  for (const line of told.match(/- The [^\\]*/gu) ?? []) console.log(`  told: ${line}`);
}

// Nothing is known: no model is asked.
await deploy(requirements);

// Somebody looks into the repository, somebody answers a question; nobody knows the budget.
const provider: KnowledgeProvider = {
  executePlan: (plan) => {
    console.log(`${plan.id}: ${plan.requirementIds.join(", ")}`);
    return Promise.resolve([
      { requirementId: "framework", confidence: 0.9, evidenceIds: ["file:package.json"], value: "Express" },
    ]);
  },
  answerQuestions: (questions) => {
    for (const { question } of questions) console.log(`asked: ${question}`);
    return Promise.resolve([
      { requirementId: "region", confidence: 1, evidenceIds: ["user:ada"], value: "eu-central" },
    ]);
  },
};
const prepared = await prepareKnowledge(requirements, { provider, signal: AbortSignal.timeout(30_000) });
console.log(`${prepared.decision.status}: ${prepared.decision.reason}`);
await deploy(prepared.requirements);
