/**
 * Ten equal questions at once and one later: the model is asked a single time, and SQLite remembers the answer.
 *
 * Run it with: node --conditions=@tau/source examples/cached.ts
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { createOpenAiChat } from "@tau/agent";
import { startScriptedServer } from "@tau/agent/scripted";
import { createCallContext, textOf, userText } from "@tau/core";
import { createAnswerCache, createScopePolicy, iamLayer, Pipeline } from "@tau/pipeline";
import { createSqliteStore } from "@tau/store-sqlite";

const directory = await mkdtemp(join(tmpdir(), "tau-cached-"));

// A script plays the model over HTTP. For a real one, give createOpenAiChat its baseUrl, apiKey and model.
await using script = await startScriptedServer({ turns: [{ text: "Paris.", delayMs: 20 }] });
const model = createOpenAiChat({ baseUrl: `${script.url}/v1`, model: "scripted" });

// Who may read an answer is decided before it is looked up: without the iam layer nothing is kept.
const policy = createScopePolicy([{ effect: "allow", scope: "chat", resources: ["model:*"] }]);
const principal = { id: "me", kind: "person", scopes: ["chat"] } as const;
const request = { messages: [userText("Capital of France?")], tools: [], temperature: 0 };

/** What a process does: opens the store, asks, and ends. */
async function processThatAsks(times: number): Promise<void> {
  await using store = await createSqliteStore({ directory });
  await using cache = createAnswerCache({ l2: store.answers });
  const pipeline = Pipeline.builder(model).layer(iamLayer({ policy })).layer(cache.layer).build();
  const calls = Array.from({ length: times }, async () => {
    const { stream, record } = pipeline.start(request, createCallContext({ tenant: "home", principal }));
    for await (const batch of stream) {
      const last = batch.at(-1);
      if (last?.type === "finished") return `${textOf(last.message)} ${record.cacheLevel ?? "asked"}`;
    }
    throw new Error("no answer");
  });
  const counts = Map.groupBy(await Promise.all(calls), (answer) => answer);
  for (const [answer, equal] of counts) console.log(`${equal.length} × ${answer}`);
}

await processThatAsks(10);
await processThatAsks(1);
console.log(`the model was asked ${script.requests.length} time`);
await rm(directory, { recursive: true });
