import { userText } from "@tau/core";
import type { JsonObject } from "@tau/core";
import { describe, expect, test } from "vitest";

import { createHttpTransport } from "../http/http-transport.ts";
import { startLoopback } from "../testing/loopback.ts";
import { readAll } from "../testing/read-all.ts";
import { openAiDialect } from "./dialect.ts";
import { createOpenAiChat } from "./openai-chat.ts";
import { dialectOf, findProvider, openAiChatProviders, providerAt } from "./providers.ts";
import type { OpenAiChatProvider } from "./providers.ts";

describe("openAiChatProviders", () => {
  test("have ids of their own and addresses that can be called", () => {
    const ids = openAiChatProviders.map(({ id }) => id);

    expect(new Set(ids).size).toBe(ids.length);
    const unreachable = openAiChatProviders.filter(({ baseUrl, hostSuffix }) =>
      baseUrl === undefined ? hostSuffix === undefined : !URL.canParse(baseUrl),
    );
    expect(unreachable).toEqual([]);
  });

  test.each([
    ["https://api.groq.com/openai/v1", "groq"],
    ["https://acme.snowflakecomputing.com/api/v2/cortex/v1", "snowflake"],
    ["https://dashscope.aliyuncs.com/compatible-mode/v1", "alibaba"],
    ["http://localhost:8080/v1", undefined],
    ["https://example.com/v1", undefined],
    ["https://evilsnowflakecomputing.com/v1", undefined],
  ])("are found at %s: %s", (address, id) => {
    expect(providerAt(new URL(address))?.id).toBe(id);
  });

  test("are what most servers are, but for what their records say", () => {
    expect(dialectOf(findProvider("openai"))).toEqual(openAiDialect);
    expect(dialectOf(findProvider("together"))).toEqual(dialectOf(undefined));
    expect(dialectOf(findProvider("deepseek"))).toMatchObject({
      structuredOutput: "json_object",
      maxTokensField: "max_tokens",
    });
  });

  test("need an address when they have none and nobody gives one", () => {
    for (const provider of ["snowflake", "nobody"]) {
      expect(() => createOpenAiChat({ provider, model: "any" })).toThrow(
        expect.objectContaining({ code: "model.invalid_request" }),
      );
    }
  });

  test("grow by a record alone: a toy with habits of its own", async () => {
    const seen: { path: string | undefined; body: unknown }[] = [];
    await using server = await startLoopback(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(Buffer.from(chunk));
      seen.push({ path: request.url, body: JSON.parse(Buffer.concat(chunks).toString("utf8")) });
      response.writeHead(200, { "content-type": "text/event-stream" });
      const delta = (fields: JsonObject, reason: string | null): string =>
        `data: ${JSON.stringify({ choices: [{ index: 0, delta: fields, finish_reason: reason }] })}\n\n`;
      response.end(delta({ mind: "hm", done: [{ n: 1 }] }, null) + delta({ content: "Hi" }, "stop"));
    });
    const toy: OpenAiChatProvider = {
      id: "toy",
      name: "Toy",
      baseUrl: `${server.url}/toy/v9`,
      path: "/talk",
      keyVariable: "TOY_KEY",
      dialect: {
        maxTokensField: "max_tokens",
        streamUsage: false,
        systemRole: "developer",
        reasoningFields: ["mind"],
        reasoning: { high: { ponder: { hard: true } } },
        reasoningReturnField: "mind",
        structuredOutput: "json_object",
        requiredToolChoice: "any",
        seedField: "random_seed",
        itemFields: ["done"],
        doneMarker: false,
      },
    };
    await using transport = createHttpTransport();
    const model = createOpenAiChat({ provider: toy, model: "toy-1", transport });
    const tool = { name: "x", description: "X.", inputSchema: { type: "object" } } as const;
    const question = { messages: [userText("Go")], tools: [tool] };

    const { finished } = await readAll(model, {
      ...question,
      system: "Be brief.",
      toolChoice: "required",
      maxOutputTokens: 5,
      seed: 7,
      reasoning: "high",
      outputSchema: { name: "a", schema: { type: "object" } },
    });
    await readAll(model, { ...question, messages: [finished.message] });

    expect(model).toMatchObject({ provider: "toy", id: "toy-1" });
    expect(finished.message.parts).toMatchObject([
      { type: "thinking", text: "hm" },
      { type: "provider_item", kind: "done" },
      { type: "text", text: "Hi" },
    ]);
    expect(seen[0]).toMatchObject({
      path: "/toy/v9/talk",
      body: {
        max_tokens: 5,
        random_seed: 7,
        ponder: { hard: true },
        tool_choice: "any",
        response_format: { type: "json_object" },
        messages: [{ role: "developer" }, { role: "user" }],
      },
    });
    expect(seen[0]?.body).not.toHaveProperty("stream_options");
    expect(seen[1]?.body).toMatchObject({ messages: [{ role: "assistant", content: "Hi", mind: "hm" }] });
  });
});
