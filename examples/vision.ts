/**
 * Shows a picture to a model, in whatever protocol it speaks.
 *
 * Run it with: node --conditions=@tau/source examples/vision.ts
 */
import { completeAnswer, createAnthropic, createOpenAiChat } from "@tau/agent";
import { startScriptedServer } from "@tau/agent/scripted";
import { createCallContext, textOf } from "@tau/core";
import type { ImagePart } from "@tau/core";

// One red pixel. Any PNG, JPEG, GIF or WebP will do: Buffer.from(bytes).toString("base64").
const data =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==";
const picture: ImagePart = { type: "image", mediaType: "image/png", source: { kind: "base64", data } };

// A script plays the models over HTTP. For real ones, give them their apiKey and model.
await using script = await startScriptedServer({ turns: [{ text: "A red pixel." }] });
const models = [
  createOpenAiChat({ baseUrl: `${script.url}/v1`, model: "scripted" }),
  createAnthropic({ baseUrl: script.url, model: "scripted" }),
];

const principal = { id: "me", kind: "person", scopes: [] } as const;
for (const model of models) {
  const context = createCallContext({ tenant: "home", principal });
  const question = { type: "text", text: "What is on the picture?" } as const;
  const messages = [{ role: "user", parts: [question, picture] } as const];
  const { message } = await completeAnswer(model, { messages, tools: [] }, context);
  console.log(`${model.provider}: ${textOf(message)}`);
}
for (const { body } of script.requests)
  console.log(JSON.stringify(body).includes(data) ? "got the picture" : "got none");
