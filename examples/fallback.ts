/**
 * Two providers, of which the first has no capacity: the second one answers, and the record says why.
 *
 * Run it with: node --conditions=@tau/source examples/fallback.ts
 */
import { createAnthropic, createOpenAiChat } from "@tau/agent";
import { startScriptedServer } from "@tau/agent/scripted";
import { createCallContext, textOf, userText } from "@tau/core";
import { breakerLayer, Pipeline, retryLayer, routingLayer } from "@tau/pipeline";

// Scripts play the providers over HTTP. For real ones, give the models their apiKey and model, and no baseUrl.
const busy = { text: "", failure: { kind: "overloaded" } } as const;
await using first = await startScriptedServer({ turns: [busy] });
await using second = await startScriptedServer({ turns: [{ text: "Hello from the second one." }] });
const anthropic = createAnthropic({ baseUrl: first.url, model: "scripted-large" });
const openai = createOpenAiChat({ baseUrl: `${second.url}/v1`, model: "scripted-small" });

const pipeline = Pipeline.builder(anthropic)
  .layer(routingLayer({ candidates: [anthropic, openai] }))
  .layer(retryLayer({ retries: 2, baseMs: 1 }))
  .layer(breakerLayer())
  .build();

const principal = { id: "me", kind: "person", scopes: [] } as const;
const context = createCallContext({ tenant: "home", principal });
const request = { messages: [userText("Hello?")], tools: [] };
const { message, telemetry } = await pipeline.complete(request, context);
console.log(textOf(message));
for (const { provider, errorCode } of telemetry.retryAttempts) console.log(`${provider} again: ${errorCode}`);

const { record, stream } = pipeline.start(request, context);
for await (const batch of stream) if (batch.at(-1)?.type === "finished") break;
console.log(`answered by ${record.answeredBy?.provider}/${record.answeredBy?.id}`);
for (const { model, reasons } of record.skipped) {
  const [reason] = reasons;
  console.log(`not by ${model}: ${typeof reason === "string" ? reason.split(":")[0] : reason?.message}`);
}
