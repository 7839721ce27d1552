/**
 * Answers that are judged before anybody gets them: a key is cut out of the stream, a wrong shape is rejected.
 *
 * Run it with: node --conditions=@tau/source examples/validated.ts
 */
import { createOpenAiChat } from "@tau/agent";
import type { ModelRequest } from "@tau/agent";
import { startScriptedServer } from "@tau/agent/scripted";
import { createCallContext, isTauError, userText } from "@tau/core";
import { jsonShape, Pipeline, validationLayer } from "@tau/pipeline";

// A script plays the model over HTTP. It says a key in small pieces, then JSON that fits, then JSON that does not.
const key = ["sk", "-proj-", "a1B2c3D4e5F6g7H8i9J0k1L2"].join("");
const says = (match: string, text: string) => ({ match, turns: [{ text, chunkChars: 4 }] });
await using script = await startScriptedServer({
  conversations: [
    says("Which key?", `It is ${key}, keep it.`),
    says("Oslo", '{"city":"Oslo","degrees":3}'),
    says("Mars", '{"city":"Mars"}'),
  ],
});
const model = createOpenAiChat({ baseUrl: `${script.url}/v1`, model: "scripted" });
const pipeline = Pipeline.builder(model)
  .layer(validationLayer({ redaction: true, validators: [jsonShape()] }))
  .build();

const principal = { id: "me", kind: "person", scopes: [] } as const;
const context = createCallContext({ tenant: "home", principal });
const properties = { city: { type: "string" }, degrees: { type: "number" } };
const schema = { type: "object", properties, required: ["city", "degrees"] };

async function ask(question: string, outputSchema?: ModelRequest["outputSchema"]): Promise<string> {
  const request = { messages: [userText(question)], tools: [], ...(outputSchema && { outputSchema }) };
  let said = "";
  try {
    for await (const batch of pipeline.stream(request, context))
      for (const event of batch) if (event.type === "text_delta") said += event.text;
    return said;
  } catch (error) {
    if (!isTauError(error)) throw error;
    return `${error.code}: ${error.message}`;
  }
}

console.log(await ask("Which key?"));
console.log(await ask("Weather in Oslo?", { name: "weather", schema }));
console.log(await ask("Weather on Mars?", { name: "weather", schema }));
