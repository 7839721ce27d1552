/**
 * Asks three providers the same, by changing nothing but a name: the catalog tells what each model can do and
 * costs, and preflight which of them can answer, before anything is sent.
 *
 * Runs without a key against a scripted model that speaks the protocols of OpenAI and Anthropic; leave the baseUrl
 * out and give an apiKey instead.
 *
 * Run it with: node --conditions=@tau/source examples/switch-providers.ts
 */
import { completeAnswer, createAnthropic, createCatalog, createOpenAiChat, preflight } from "@tau/agent";
import type { Model, ModelCapabilities, ModelRequest } from "@tau/agent";
import { startScriptedServer } from "@tau/agent/scripted";
import { costOf, createCallContext, formatUsd, textOf } from "@tau/core";

await using server = await startScriptedServer({
  turns: [{ text: "A red pixel.", usage: { inputTokens: 1_200, outputTokens: 40 } }],
});

const makers: Readonly<Record<string, (model: string, capabilities: ModelCapabilities) => Model>> = {
  anthropic: (model, capabilities) => createAnthropic({ model, capabilities, baseUrl: server.url }),
  openai: (model, capabilities) => createOpenAiChat({ model, capabilities, baseUrl: `${server.url}/v1` }),
  groq: (model, capabilities) =>
    createOpenAiChat({ model, capabilities, provider: "groq", baseUrl: `${server.url}/v1` }),
};

const pixel =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==";
const request: ModelRequest = {
  messages: [
    {
      role: "user",
      parts: [
        { type: "text", text: "What is in this picture?" },
        { type: "image", mediaType: "image/png", source: { kind: "base64", data: pixel } },
      ],
    },
  ],
  tools: [],
  maxOutputTokens: 500,
};

const catalog = createCatalog();
const principal = { id: "me", kind: "person", scopes: [] } as const;
const context = createCallContext({ tenant: "home", principal });

for (const name of ["anthropic/claude-haiku-4-5", "openai/gpt-5-mini", "groq/llama-3.1-8b-instant"]) {
  const [provider = "", ...id] = name.split("/");
  const known = await catalog.find(provider, id.join("/"));
  const make = makers[provider];
  if (known === undefined || make === undefined) throw new Error(`Nothing is known of ${name}.`);

  const { compatible, reasons } = preflight(request, known.capabilities);
  if (!compatible) {
    console.log(`${name}: ${reasons.map(({ message }) => message).join("; ")}`);
    continue;
  }
  const model = make(known.id, known.capabilities);
  const { message, usage } = await completeAnswer(model, request, context);
  const cost = model.price === undefined ? "?" : formatUsd(costOf(usage, model.price));
  console.log(`${name}: ${textOf(message)} ${cost}`);
}
console.log(`${server.requests.length} requests were sent`);
