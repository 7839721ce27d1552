import { expect, test } from "vitest";

import { createOpenAiSpeech } from "../audio/openai-speech.ts";
import { createOpenAiTranscription } from "../audio/openai-transcription.ts";
import { createOpenAiEmbeddings } from "../embeddings/openai-embeddings.ts";
import { createHttpTransport } from "../http/http-transport.ts";
import type { HttpTransport } from "../http/http-transport.ts";
import { startLoopback } from "../testing/loopback.ts";
import { testContext } from "../testing/test-context.ts";
import { createPlace } from "./cassette.test.support.ts";
import { recordTransport } from "./record-transport.ts";
import { replayTransport } from "./replay-transport.ts";

const sound = Uint8Array.from({ length: 300 }, (_, index) => index % 256);

/** What vectors, text and sound come from a provider at this address. */
async function askAll(baseUrl: string, transport: HttpTransport): Promise<unknown> {
  const options = { baseUrl, model: "m", apiKey: "sk-real-key-1234", transport };
  const { embeddings } = await createOpenAiEmbeddings(options).embed({ inputs: ["a", "b"] }, testContext());
  const request = { audio: sound, mediaType: "audio/wav" };
  const { text } = await createOpenAiTranscription(options).transcribe(request, testContext());
  const pieces: Uint8Array[] = [];
  const speech = createOpenAiSpeech(options).speak({ text: "Hi", voice: "alloy" }, testContext());
  for await (const piece of speech) pieces.push(piece);
  return { embeddings, text, spoken: Buffer.concat(pieces).toString("hex") };
}

test("a cassette holds vectors, and sound both ways", async () => {
  await using place = await createPlace();
  await using server = await startLoopback(({ url }, response) => {
    if (url?.endsWith("/speech") === true) {
      response.writeHead(200, { "content-type": "audio/mpeg" }).end(sound);
      return;
    }
    const data = [0, 1].map((index) => ({ index, embedding: [index, 0.5] }));
    const body = url?.endsWith("/embeddings") === true ? { data, model: "m" } : { text: "Hello." };
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(body));
  });
  await using transport = createHttpTransport();
  let live: unknown;
  {
    await using recorder = await recordTransport({ path: place.path, transport });
    live = await askAll(`${server.url}/v1`, recorder);
  }

  await using replayed = await replayTransport({ path: place.path });
  expect(await askAll("http://127.0.0.1:1/v1", replayed)).toEqual(live);
  expect(live).toMatchObject({ text: "Hello.", spoken: Buffer.from(sound).toString("hex") });
});
