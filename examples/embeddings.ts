/**
 * Finds the text that is nearest to a question by its vector.
 *
 * Runs without a key against a small server of its own, which speaks OpenAI's protocol and counts letters; give
 * createOpenAiEmbeddings your own baseUrl, apiKey and model instead.
 *
 * Run it with: node --conditions=@tau/source examples/embeddings.ts
 */
import { once } from "node:events";
import { createServer } from "node:http";
import type { ServerResponse } from "node:http";
import { text } from "node:stream/consumers";

import { createOpenAiEmbeddings } from "@tau/agent";
import { createCallContext } from "@tau/core";

/** A poor man's embedding: how often each letter occurs. */
function letterCounts(words: string): readonly number[] {
  const counts = Array.from({ length: 26 }, () => 0);
  for (const letter of words.toLowerCase()) {
    const index = letter.charCodeAt(0) - 97;
    if (index >= 0 && index < 26) counts[index] = (counts[index] ?? 0) + 1;
  }
  return counts;
}

/** Answers as OpenAI would. */
function answer(body: string, response: ServerResponse): void {
  const { input }: { readonly input: readonly string[] } = JSON.parse(body);
  const data = input.map((line, index) => ({ index, embedding: letterCounts(line) }));
  response.setHeader("content-type", "application/json");
  response.end(JSON.stringify({ data, usage: { prompt_tokens: body.length >> 2 } }));
}

const server = createServer((request, response) => {
  text(request).then(
    (body) => answer(body, response),
    () => response.destroy(),
  );
});
server.listen(0, "127.0.0.1");
await once(server, "listening");
const address = server.address();
if (address === null || typeof address === "string") throw new Error("The server has no port.");

const model = createOpenAiEmbeddings({ baseUrl: `http://127.0.0.1:${address.port}/v1`, model: "letters" });
const principal = { id: "me", kind: "person", scopes: [] } as const;
const context = createCallContext({ tenant: "home", principal });

const texts = ["the cat sat on the mat", "stocks fell sharply on friday", "a recipe for onion soup"];
const question = "where did that cat sit";
const { embeddings, usage } = await model.embed({ inputs: [question, ...texts] }, context);
server.close();

/** The cosine of the angle between two vectors: 1 where they point the same way. */
function similarity(a: Float32Array, b: Float32Array): number {
  const dot = (x: Float32Array, y: Float32Array): number => x.reduce((sum, n, i) => sum + n * (y[i] ?? 0), 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}

const [asked, ...known] = embeddings;
const ranked = texts
  .map((line, index) => ({
    line,
    score: similarity(asked ?? new Float32Array(), known[index] ?? new Float32Array()),
  }))
  .toSorted((a, b) => b.score - a.score);
for (const { line, score } of ranked) console.log(score.toFixed(2), line);
console.log(`nearest: ${ranked[0]?.line ?? "nothing"} (${usage.inputTokens} tokens)`);
