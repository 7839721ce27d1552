/**
 * An agent's calls recorded once from a provider, and the same run again from the file: no key, no network, the same
 * tokens. A question that was never recorded fails, and says where it differs.
 *
 * Run it with: node --conditions=@tau/source examples/record-and-replay.ts
 */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { createOpenAiChat } from "@tau/agent";
import type { Model } from "@tau/agent";
import { recordTransport, replayTransport } from "@tau/agent/cassette";
import { startScriptedServer } from "@tau/agent/scripted";
import { createCallContext } from "@tau/core";
import { completeRun, createMemoryRuntime } from "@tau/runtime";
import { createToolRegistry, defineTool } from "@tau/tools";

const folder = await mkdtemp(join(tmpdir(), "tau-example-"));
const path = join(folder, "weather.ndjson");
const context = createCallContext({ tenant: "home", principal: { id: "ada", kind: "person", scopes: [] } });

const weather = defineTool<{ city: string }>({
  name: "weather",
  description: "Tells the weather.",
  input: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
  sideEffect: "pure",
  execute: ({ city }) => `It rains in ${city}.`,
});

async function ask(model: Model, prompt: string): Promise<string> {
  const tools = createToolRegistry({ tools: [weather] });
  await using runtime = await createMemoryRuntime({ agents: [{ name: "clerk", model, tools }] });
  const { text, steps, error } = await completeRun(runtime, { prompt }, context);
  return error === undefined ? `${text} (${steps} calls)` : `${error.code}: ${error.message}`;
}

{
  // A script plays the provider. For a real one, leave out baseUrl.
  await using provider = await startScriptedServer({
    turns: [{ toolCalls: [{ name: "weather", arguments: { city: "Bern" } }] }, { text: "Take an umbrella." }],
  });
  await using recorder = await recordTransport({ path });
  const apiKey = "sk-this-key-is-not-recorded";
  const model = createOpenAiChat({
    baseUrl: `${provider.url}/v1`,
    model: "scripted",
    apiKey,
    transport: recorder,
  });
  console.log(`recorded: ${await ask(model, "Umbrella?")}`);
}

const cassette = await readFile(path, "utf8");
console.log(`The key is ${cassette.includes("sk-this") ? "" : "not "}in the file.`);

await using replayed = await replayTransport({ path });
const model = createOpenAiChat({
  baseUrl: "http://nowhere.invalid/v1",
  model: "scripted",
  transport: replayed,
});
console.log(`replayed: ${await ask(model, "Umbrella?")}`);
console.log(`not recorded: ${await ask(model, "Sunglasses?")}`);
await rm(folder, { recursive: true });
