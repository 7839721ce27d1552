import { describe, expect, test } from "vitest";

import { readFixture } from "../fixture.test.support.ts";
import { createHttpTransport } from "../http/http-transport.ts";
import { startLoopback } from "../testing/loopback.ts";
import { testContext } from "../testing/test-context.ts";
import { createOpenAiSpeech } from "./openai-speech.ts";
import { createOpenAiTranscription } from "./openai-transcription.ts";

const transcript = readFixture("embeddings").find(({ api }) => api === "openai.transcription")?.["response"];

const audio = Uint8Array.of(0x52, 0x49, 0x46, 0x46, 0, 255, 13, 10);

describe("createOpenAiTranscription()", () => {
  test("sends the recording as a form and reads text, language, words and their times", async () => {
    const forms: FormData[] = [];
    await using server = await startLoopback(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(Buffer.from(chunk));
      const type = request.headers["content-type"] ?? "";
      forms.push(await new Response(Buffer.concat(chunks), { headers: { "content-type": type } }).formData());
      response.writeHead(200, { "content-type": "application/json" });
      response.end(JSON.stringify(transcript));
    });
    const model = createOpenAiTranscription({ baseUrl: server.url, model: "whisper-1", apiKey: "key" });

    const heard = await model.transcribe(
      { audio, mediaType: "audio/x-wav", timings: "words", language: "en" },
      testContext(),
    );

    expect(heard.text).toMatch(/^Galileo was an American robotic space program/);
    expect(heard).toMatchObject({ language: "english", durationMs: 36_710 });
    expect(heard.words.at(-1)).toEqual({ text: "robotic", startMs: 1500, endMs: 2020 });
    const form = forms[0];
    const file = form?.get("file");
    expect(file instanceof File && [file.name, file.type, new Uint8Array(await file.arrayBuffer())]).toEqual([
      "audio.wav",
      "audio/x-wav",
      audio,
    ]);
    expect(form?.get("response_format")).toBe("verbose_json");
    expect(form?.getAll("timestamp_granularities[]")).toEqual(["word"]);
    expect(form?.get("language")).toBe("en");
  });

  test("asks for plain JSON when no times are wanted, which is all that newer models know", async () => {
    const bodies: string[] = [];
    await using server = await startLoopback(async (request, response) => {
      let body = "";
      for await (const chunk of request) body += String(chunk);
      bodies.push(body);
      response.writeHead(200, { "content-type": "application/json" });
      response.end('{"text":"Hello.","usage":{"type":"tokens","input_tokens":14,"output_tokens":2}}');
    });
    const model = createOpenAiTranscription({ baseUrl: server.url, model: "gpt-4o-transcribe" });

    const heard = await model.transcribe({ audio, mediaType: "audio/mpeg" }, testContext());

    expect(heard).toMatchObject({ text: "Hello.", segments: [], words: [] });
    expect(heard.usage).toMatchObject({ inputTokens: 14, outputTokens: 2 });
    expect(bodies[0]).toContain('filename="audio.mp3"');
    expect(bodies[0]).not.toContain("timestamp_granularities");
  });

  test("refuses an answer without a transcript", async () => {
    await using server = await startLoopback((_, response) => {
      response.writeHead(200, { "content-type": "application/json" }).end("{}");
    });
    const model = createOpenAiTranscription({ baseUrl: server.url, model: "whisper-1" });

    await expect(model.transcribe({ audio, mediaType: "audio/wav" }, testContext())).rejects.toMatchObject({
      code: "model.parse",
    });
  });

  test("maps a refusal to its code without the key", async () => {
    await using server = await startLoopback((_, response) => {
      response.writeHead(401).end('{"error":{"message":"Incorrect API key: secret-key"}}');
    });
    const model = createOpenAiTranscription({ baseUrl: server.url, model: "m", apiKey: "secret-key" });

    const error: unknown = await model
      .transcribe({ audio, mediaType: "audio/wav" }, testContext())
      .catch((thrown: unknown) => thrown);

    expect(error).toMatchObject({ code: "model.auth", class: "auth" });
    expect(String(error instanceof Error && error.cause)).not.toContain("secret-key");
  });
});

describe("createOpenAiSpeech()", () => {
  test("streams the bytes of the sound as they arrive", async () => {
    const bodies: string[] = [];
    await using server = await startLoopback(async (request, response) => {
      let body = "";
      for await (const chunk of request) body += String(chunk);
      bodies.push(body);
      response.writeHead(200, { "content-type": "audio/mpeg" });
      response.write(audio);
      response.end(audio);
    });
    const model = createOpenAiSpeech({ baseUrl: server.url, model: "gpt-4o-mini-tts" });

    const chunks: Uint8Array[] = [];
    for await (const chunk of model.speak({ text: "Hello.", voice: "alloy" }, testContext()))
      chunks.push(chunk);

    expect(new Uint8Array(Buffer.concat(chunks))).toEqual(Uint8Array.of(...audio, ...audio));
    expect(bodies).toEqual([
      '{"model":"gpt-4o-mini-tts","input":"Hello.","voice":"alloy","response_format":"mp3"}',
    ]);
  });

  test("throws when the sound is cut, and closes the socket when the reader stops early", async () => {
    let closed = 0;
    await using transport = createHttpTransport();
    await using server = await startLoopback((request, response) => {
      response.once("close", () => closed++);
      response.writeHead(200, { "content-type": "audio/mpeg", "content-length": "100" });
      response.write(audio);
      if (request.url?.startsWith("/cut") === true) setImmediate(() => response.destroy());
    });
    const speak = (path: string) =>
      createOpenAiSpeech({ baseUrl: `${server.url}/${path}`, model: "tts-1", transport }).speak(
        { text: "Hello.", voice: "alloy" },
        testContext(),
      );
    const read = async (path: string): Promise<number> => {
      let size = 0;
      for await (const chunk of speak(path)) size += chunk.length;
      return size;
    };

    await expect(read("cut")).rejects.toMatchObject({ code: "model.network" });
    for await (const _ of speak("stall")) break;

    await expect.poll(() => closed, { timeout: 5000, interval: 5 }).toBe(2);
  });
});
