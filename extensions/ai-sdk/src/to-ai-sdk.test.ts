import { APICallError } from "@ai-sdk/provider";
import type { LanguageModelV4CallOptions } from "@ai-sdk/provider";
import { createAnthropic, createOpenAiChat } from "@tau/agent";
import type { Model } from "@tau/agent";
import { startScriptedServer } from "@tau/agent/scripted";
import type { Transcript } from "@tau/agent/scripted";
import { createCallContext } from "@tau/core";
import type { CallContext } from "@tau/core";
import { generateText, jsonSchema, Output, stepCountIs, streamText, tool } from "ai";
import { describe, expect, test } from "vitest";

import { toAiSdk } from "./to-ai-sdk.ts";

const principal = { id: "ada", kind: "person", scopes: [] } as const;
const context = (): CallContext => createCallContext({ tenant: "acme", principal });

/** A model of Tau on a script, as a model of the AI SDK. */
async function scripted(transcript: Transcript, protocol: "openai" | "anthropic" = "openai") {
  const server = await startScriptedServer(transcript);
  const model: Model =
    protocol === "openai"
      ? createOpenAiChat({ baseUrl: `${server.url}/v1`, model: "scripted" })
      : createAnthropic({ baseUrl: server.url, model: "scripted" });
  return {
    server,
    tau: model,
    model: toAiSdk(model, { context }),
    [Symbol.asyncDispose]: () => server.close(),
  };
}

async function* passing<Item>(source: AsyncIterable<Item>): AsyncGenerator<Item> {
  yield* source;
}

const clock = tool({
  description: "Tells the time.",
  inputSchema: jsonSchema<{ zone: string }>({
    type: "object",
    properties: { zone: { type: "string" } },
    required: ["zone"],
  }),
  execute: async ({ zone }) => `12:00 in ${zone}`,
});

describe("toAiSdk()", () => {
  test("answers generateText, with usage and the model's name", async () => {
    await using bench = await scripted({
      turns: [{ text: "Hello, world.", usage: { inputTokens: 9, outputTokens: 3, cacheReadTokens: 4 } }],
    });

    const { text, usage, finishReason, response } = await generateText({
      model: bench.model,
      system: "Be brief.",
      prompt: "Say hello.",
    });

    expect([text, finishReason, response.modelId]).toEqual(["Hello, world.", "stop", "scripted"]);
    expect(usage).toMatchObject({ inputTokens: 9, outputTokens: 3 });
    expect(bench.server.requests[0]?.body["messages"]).toEqual([
      { role: "system", content: "Be brief." },
      { role: "user", content: "Say hello." },
    ]);
  });

  test("says of a file that lies at another provider that it cannot be sent, and asks nobody", async () => {
    await using bench = await scripted({ turns: [{ text: "Hello." }] });
    const file = {
      type: "file",
      mediaType: "application/pdf",
      data: { type: "reference", reference: { openai: "file-1" } },
    } as const;
    const options: LanguageModelV4CallOptions = { prompt: [{ role: "user", content: [file] }] };

    for (const asked of [bench.model.doGenerate(options), bench.model.doStream(options)]) {
      const error: unknown = await Promise.resolve(asked).catch((thrown: unknown) => thrown);
      expect(APICallError.isInstance(error)).toBe(true);
      expect(error).toMatchObject({
        isRetryable: false,
        message: expect.stringContaining("send its bytes, or its address"),
        cause: { code: "model.unsupported_content" },
      });
    }
    expect(bench.server.requests).toEqual([]);
  });

  test("streams for streamText as the model does, thinking and text apart", async () => {
    await using bench = await scripted(
      { turns: [{ thinking: "Hm, hello.", text: "Hello, world.", chunkChars: 4 }] },
      "anthropic",
    );
    const { fullStream } = streamText({ model: bench.model, prompt: "Say hello." });
    const said: Record<string, string[]> = {};
    for await (const part of fullStream) {
      if (part.type === "text-delta" || part.type === "reasoning-delta")
        (said[part.type] ??= []).push(part.text);
    }

    expect(said["reasoning-delta"]?.join("")).toBe("Hm, hello.");
    expect(said["text-delta"]?.join("")).toBe("Hello, world.");
    expect(said["text-delta"]?.length).toBeGreaterThan(1);
  });

  test.each(["openai", "anthropic"] as const)(
    "runs the AI SDK's own tool loop, and gives signatures of thoughts back: %s",
    async (protocol) => {
      const call = { name: "clock", arguments: { zone: "UTC" } };
      await using bench = await scripted(
        {
          turns: [
            { thinking: "I need the time.", signature: "proof", toolCalls: [call, call] },
            { text: "It is 12:00.", expect: { lastToolResultContains: "12:00 in UTC" } },
          ],
        },
        protocol,
      );
      for (const ask of [generateText, streamText]) {
        const answer = await ask({
          model: bench.model,
          tools: { clock },
          prompt: "Time?",
          stopWhen: stepCountIs(3),
        });
        expect(await answer.text).toBe("It is 12:00.");
      }

      const { messages } = bench.server.requests[1]?.body ?? {};
      if (protocol === "anthropic") expect(JSON.stringify(messages)).toContain('"signature":"proof"');
      expect(JSON.stringify(messages)).toContain("12:00 in UTC");
    },
  );

  test("answers with an object of a schema", async () => {
    await using bench = await scripted({ turns: [{ text: '{"city":"Paris"}' }] });
    const schema = jsonSchema<{ city: string }>({
      type: "object",
      properties: { city: { type: "string" } },
      required: ["city"],
      additionalProperties: false,
    });

    const { output } = await generateText({
      model: bench.model,
      prompt: "Capital of France?",
      output: Output.object({ schema }),
    });

    expect(output).toEqual({ city: "Paris" });
    expect(bench.server.requests[0]?.body["response_format"]).toMatchObject({ type: "json_schema" });
  });

  test("sends pictures", async () => {
    await using bench = await scripted({ turns: [{ text: "Red." }] });
    const image = Buffer.from("picture").toString("base64");
    await generateText({
      model: bench.model,
      messages: [
        {
          role: "user",
          content: [
            { type: "text", text: "What is it?" },
            { type: "file", mediaType: "image/png", data: image },
          ],
        },
      ],
    });

    expect(JSON.stringify(bench.server.requests[0]?.body)).toContain(`data:image/png;base64,${image}`);
  });

  test("says which failures may pass, so that the AI SDK asks again", async () => {
    await using busy = await scripted({
      turns: [{ text: "Hi.", failure: { kind: "overloaded", times: 1 } }],
    });
    const { text } = await generateText({ model: busy.model, prompt: "Hello?", maxRetries: 1 });
    expect(text).toBe("Hi.");

    await using wrong = await scripted({ turns: [{ failure: { kind: "status", status: 401 } }] });
    const error: unknown = await generateText({ model: wrong.model, prompt: "Hello?" }).catch(
      (thrown: unknown) => thrown,
    );
    expect(APICallError.isInstance(error) && [error.statusCode, error.isRetryable, error.cause]).toEqual([
      401,
      false,
      expect.objectContaining({ code: "model.auth" }),
    ]);
  });

  test("tells of a failure in the middle of a stream", async () => {
    await using bench = await scripted({
      turns: [{ text: "Hello, world.", chunkChars: 2, failure: { kind: "cut", afterEvents: 4 } }],
    });
    const errors: unknown[] = [];
    const { fullStream } = streamText({
      model: bench.model,
      prompt: "Hi",
      onError: ({ error }) => void errors.push(error),
    });
    for await (const part of fullStream) if (part.type === "error") errors.push(part.error);

    expect(errors[0]).toMatchObject({ cause: { code: "model.network" } });
  });

  test("closes the socket when the AI SDK's caller aborts", async () => {
    await using bench = await scripted({
      turns: [{ text: "Hello, world.", chunkChars: 2, failure: { kind: "stall", afterEvents: 4 } }],
    });
    const controller = new AbortController();
    const { textStream } = streamText({ model: bench.model, prompt: "Hi", abortSignal: controller.signal });
    for await (const _ of textStream) controller.abort();

    await expect.poll(() => bench.server.openConnections(), { timeout: 5000, interval: 5 }).toBe(0);
  });

  test("closes the socket when its stream is cancelled while the provider says nothing", async () => {
    await using bench = await scripted({
      turns: [{ text: "Hello, world.", chunkChars: 2, failure: { kind: "stall", afterEvents: 2 } }],
    });
    const prompt = [{ role: "user" as const, content: [{ type: "text" as const, text: "Hi" }] }];
    // A generator, as a layer may be one, is not left while it waits.
    const layered = toAiSdk(
      { ...bench.tau, stream: (...call) => passing(bench.tau.stream(...call)) },
      { context },
    );
    const { stream } = await layered.doStream({ prompt });
    const reader = stream.getReader();
    for (const type of ["stream-start", "text-start", "text-delta"]) {
      expect((await reader.read()).value).toMatchObject({ type });
    }
    const waiting = reader.read();
    await reader.cancel("enough");

    await waiting;
    await expect.poll(() => bench.server.openConnections(), { timeout: 5000, interval: 5 }).toBe(0);
  });
});
