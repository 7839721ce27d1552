/**
 * A run that may spend two cents: the call that does not fit any more is refused before it is made.
 *
 * Run it with: node --conditions=@tau/source examples/budget-stop.ts
 */
import { createOpenAiChat } from "@tau/agent";
import { startScriptedServer } from "@tau/agent/scripted";
import { createCallContext, formatUsd, isTauError, userText } from "@tau/core";
import { budgetLayer, createMemoryBudgetLedger, Pipeline } from "@tau/pipeline";

// A script plays the model over HTTP. For a real one, give createOpenAiChat its baseUrl, apiKey, model and price.
const usage = { inputTokens: 1_000, outputTokens: 200 };
await using script = await startScriptedServer({ turns: [{ text: "Another chapter.", usage }] });
const model = createOpenAiChat({
  baseUrl: `${script.url}/v1`,
  model: "scripted",
  price: { inputPerMillion: 3_000_000, outputPerMillion: 15_000_000 },
});

const ledger = createMemoryBudgetLedger();
const limits = { run: [{ window: "ever", costMicroUsd: 20_000 }] } as const;
const pipeline = Pipeline.builder(model).layer(budgetLayer({ ledger, limits })).build();

const principal = { id: "me", kind: "person", scopes: [] } as const;
const context = createCallContext({ tenant: "home", principal, runPath: ["novel"] });
for (let chapter = 1; ; chapter++) {
  try {
    const request = { messages: [userText(`Write chapter ${chapter}.`)], tools: [], maxOutputTokens: 300 };
    const { costMicroUsd = 0 } = await pipeline.complete(request, context);
    console.log(`chapter ${chapter}: ${formatUsd(costMicroUsd)}`);
  } catch (error) {
    if (!isTauError(error) || error.code !== "budget.exceeded") throw error;
    console.log(`chapter ${chapter}: ${error.message}`);
    break;
  }
}
const { costMicroUsd } = await ledger.taken({
  tenant: "home",
  account: "run/novel",
  window: "ever",
  at: Date.now(),
});
console.log(`spent ${formatUsd(costMicroUsd)} of ${formatUsd(20_000)}`);
