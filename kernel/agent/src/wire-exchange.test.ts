import { noUsage, parseJson } from "@tau/core";
import type { Json, JsonObject, ModelEvent, ModelFinished } from "@tau/core";
import { describe, expect, test } from "vitest";

import { createAnthropic } from "./anthropic/anthropic.ts";
import type { AnswerDecoder } from "./answer-decoder.ts";
import type { Framing } from "./framing.ts";
import { createHttpTransport } from "./http/http-transport.ts";
import type { Model } from "./model.ts";
import { createOpenAiChat } from "./openai-chat/openai-chat.ts";
import type { ErrorReading } from "./provider-error.ts";
import { startLoopback } from "./testing/loopback.ts";
import { hello, readAll } from "./testing/read-all.ts";
import type { SseEvent } from "./sse/sse-parser.ts";
import { testContext } from "./testing/test-context.ts";
import { createWireModel } from "./wire-model.ts";
import type { ErrorAnswer, WireProtocol } from "./wire-protocol.ts";

const call = (name: string): Json => ({ type: "function", id: "", function: { name, arguments: "{}" } });
const chatAnswer: Json = {
  id: "c1",
  model: "m-2",
  error: null,
  choices: [
    { index: 0, message: { content: "Hi", tool_calls: [call("x"), call("y")] }, finish_reason: "stop" },
  ],
  usage: { prompt_tokens: 3, completion_tokens: 2 },
};

/** Asks a model made for a server that gives `body` as `contentType`. */
async function ask(
  answer: { readonly body: string; readonly contentType?: string },
  create: (baseUrl: string, transport: ReturnType<typeof createHttpTransport>) => Model = chat,
) {
  await using server = await startLoopback((_request, response) => {
    response.writeHead(200, { "content-type": answer.contentType ?? "application/json" });
    response.end(answer.body);
  });
  await using transport = createHttpTransport();
  return await readAll(create(server.url, transport));
}

function chat(baseUrl: string, transport: ReturnType<typeof createHttpTransport>): Model {
  return createOpenAiChat({ baseUrl, model: "any", transport });
}

describe("an answer that does not stream", () => {
  test("is read as the stream that says it in one piece", async () => {
    const { events, finished } = await ask({ body: JSON.stringify(chatAnswer) });

    expect(events.map((event) => event.type)).toEqual([
      "text_delta",
      "tool_call_started",
      "tool_call_delta",
      "tool_call_started",
      "tool_call_delta",
      "finished",
    ]);
    expect(finished).toMatchObject({
      model: "m-2",
      responseId: "c1",
      stopReason: "tool_calls",
      usage: { inputTokens: 3, outputTokens: 2 },
      message: {
        parts: [
          { type: "text", text: "Hi" },
          { id: "call_0", name: "x" },
          { id: "call_1", name: "y" },
        ],
      },
    });
  });

  test("is asked for where nobody reads along", async () => {
    const asked: unknown[] = [];
    await using server = await startLoopback(async (request, response) => {
      const body: JsonObject = JSON.parse(Buffer.concat(await request.toArray()).toString("utf8"));
      asked.push([request.headers.accept, body["stream"]]);
      response.writeHead(200, { "content-type": "application/json" });
      response.end(JSON.stringify(chatAnswer));
    });
    await using transport = createHttpTransport();
    const model = chat(server.url, transport);

    const { finished } = await readAll(model, { ...hello, delivery: "whole" });
    await readAll(model, hello);

    expect(finished.message.parts).toHaveLength(3);
    expect(asked).toEqual([
      ["application/json", false],
      ["text/event-stream", true],
    ]);
  });

  test("is read in every protocol", async () => {
    const message = {
      type: "message",
      id: "m1",
      model: "m-2",
      content: [
        { type: "text", text: "Hi" },
        { type: "tool_use", id: "t1", name: "x", input: { a: 1 } },
      ],
      stop_reason: "tool_use",
      usage: { input_tokens: 3, output_tokens: 2 },
    };
    const { finished } = await ask({ body: JSON.stringify(message) }, (baseUrl, transport) =>
      createAnthropic({ baseUrl, model: "any", transport }),
    );

    expect(finished).toMatchObject({
      stopReason: "tool_calls",
      usage: { inputTokens: 3, outputTokens: 2 },
      message: {
        parts: [
          { type: "text", text: "Hi" },
          { type: "tool_call", id: "t1", name: "x", arguments: '{"a":1}' },
        ],
      },
    });
  });

  test("is complete with its last byte and not one byte earlier", async () => {
    const body = JSON.stringify(chatAnswer);
    for (let length = 0; length < body.length; length += 7) {
      await expect(ask({ body: body.slice(0, length) })).rejects.toMatchObject({ code: "model.parse" });
    }
  });

  test("is an error when it says so, even with status 200", async () => {
    const body = '{"error":{"code":429,"message":"slow"}}';

    await expect(ask({ body })).rejects.toMatchObject({ code: "model.rate_limited" });
    await expect(ask({ body, contentType: "text/plain" })).rejects.toMatchObject({
      code: "model.rate_limited",
    });
  });

  test.each(["{}", "[]", "null", '{"type":"other"}', '{"choices":{}}'])(
    "is refused when it is %s, which is no answer of the protocol",
    async (body) => {
      await expect(ask({ body })).rejects.toMatchObject({ code: "model.parse" });
      await expect(
        ask({ body }, (baseUrl, transport) => createAnthropic({ baseUrl, model: "any", transport })),
      ).rejects.toMatchObject({ code: "model.parse" });
    },
  );
});

/** One JSON value a line; the last line may do without its line feed. */
const lineFraming: Framing = {
  contentType: "application/x-ndjson",
  createParser(sink) {
    let rest = "";
    const line = (data: string): void => sink.event({ name: "", data, text: "", start: -1, end: -1 });
    return {
      push(chunks) {
        const lines = (rest + Buffer.concat(chunks).toString("latin1")).split("\n");
        rest = lines.pop() ?? "";
        lines.forEach(line);
      },
      end: () => line(rest),
    };
  },
};

/** Takes every event for an error. */
class FailingDecoder implements AnswerDecoder {
  readonly finished = undefined;
  readonly #toError: (body: string) => Error;

  constructor(toError: (body: string) => Error) {
    this.#toError = toError;
  }

  take(): ModelEvent[] {
    return [];
  }

  shortcut(): number {
    return -1;
  }

  end(): void {}

  readAnswer(): void {}

  event({ data }: SseEvent): void {
    throw this.#toError(data);
  }
}

/** Says every string that it is sent; `true` is the end. */
class WordDecoder implements AnswerDecoder {
  finished: ModelFinished | undefined;
  #events: ModelEvent[] = [];
  #text = "";

  take(): ModelEvent[] {
    return this.#events.splice(0);
  }

  shortcut(): number {
    return -1;
  }

  end(): void {}

  event({ data }: SseEvent): void {
    const parsed = parseJson(data);
    if (parsed.ok) this.readAnswer(parsed.value);
  }

  readAnswer(answer: Json): void {
    if (typeof answer === "string") {
      this.#text += answer;
      this.#events.push({ type: "text_delta", text: answer });
    }
    if (answer !== true) return;
    this.finished = {
      type: "finished",
      message: { role: "assistant", parts: [{ type: "text", text: this.#text }] },
      usage: noUsage,
      stopReason: "stop",
      model: "words",
    };
    this.#events.push(this.finished);
  }
}

describe("a protocol", () => {
  const words = (url: string, transport: ReturnType<typeof createHttpTransport>): Model =>
    createWireModel(
      { provider: "toy", model: "words", url: new URL(url) },
      { model: "words", transport, apiKey: "k" },
      async () => ({
        url: new URL(url),
        headersFor: async (key, { body }) => ({ "x-signature": `${key} ${body.length}` }),
        writeBody: (request) => JSON.stringify(request.messages.length),
        framing: lineFraming,
        createDecoder: () => new WordDecoder(),
      }),
    );

  test("tells where the model is asked, without the query, in which keys may be", () => {
    const { address } = words("http://user:secret@127.0.0.1:9/v1/say?key=secret", createHttpTransport());

    expect(address).toBe("http://127.0.0.1:9/v1/say");
  });

  test("tells models apart that were told different things, and no secret among them", () => {
    const made = (headers?: Readonly<Record<string, string>>, settings?: Readonly<Record<string, unknown>>) =>
      createWireModel(
        {
          provider: "toy",
          model: "words",
          url: new URL("http://127.0.0.1:9"),
          ...(settings && { settings }),
        },
        { model: "words", ...(headers && { headers }) },
        () => Promise.reject(new Error("never asked")),
      ).settings;
    const beta = { "x-beta": "secret-value" };

    expect(made()).toBeUndefined();
    expect(made({}, { guardrail: undefined })).toBeUndefined();
    expect(made(beta, { b: 1, a: [2] })).toBe(made(beta, { a: [2], b: 1 }));
    expect(
      new Set([made(beta), made({ "x-beta": "b" }), made(beta, { a: 1 }), made(undefined, { a: 1 })]).size,
    ).toBe(4);
    expect(made(beta)).not.toContain("secret-value");
  });

  test("may have a framing of its own, which need not end its last event", async () => {
    const { events } = await ask({ body: '"a"\n"b"\ntrue', contentType: "application/x-ndjson" }, words);

    expect(events.map((event) => event.type === "text_delta" && event.text)).toEqual(["a", "b", false]);
    await expect(
      ask({ body: '"a"\n"b"\ntru', contentType: "application/x-ndjson" }, words),
    ).rejects.toMatchObject({ code: "model.truncated" });
  });

  test("may sign the body, and asks for its own framing", async () => {
    let seen: unknown;
    await using server = await startLoopback(({ headers }, response) => {
      seen = [headers["x-signature"], headers.accept];
      response.writeHead(200, { "content-type": "application/x-ndjson" });
      response.end("true");
    });
    await using transport = createHttpTransport();
    await readAll(words(server.url, transport));

    expect(seen).toEqual(["k 1", "application/x-ndjson"]);
  });
});

describe("an error of a protocol", () => {
  const failing = async (
    readError: WireProtocol["readError"],
    answer: { readonly status: number; readonly contentType: string; readonly body: string },
  ): Promise<unknown> => {
    await using server = await startLoopback(({ headers }, response) => {
      response.writeHead(answer.status, { "content-type": answer.contentType });
      response.end(answer.body.replace("TOKEN", String(headers["x-session-token"])));
    });
    await using transport = createHttpTransport();
    const protocol = {
      url: new URL(server.url),
      headersFor: () => ({ "x-session-token": "not/for=everybody" }),
      writeBody: () => "{}",
      framing: lineFraming,
      createDecoder: (toError: (body: string) => Error) => new FailingDecoder(toError),
      ...(readError === undefined ? {} : { readError }),
    };
    const model = createWireModel(
      { provider: "toy", model: "w", url: protocol.url },
      { model: "w", transport },
      async () => protocol,
    );
    return await readAll(model).catch((error: unknown) => error);
  };
  const refusal = { status: 424, contentType: "application/json", body: '{"message":"TOKEN"}' };

  test("is read by its adapter, before the stream and inside it", async () => {
    const readError = ({ status, body }: ErrorAnswer): ErrorReading =>
      body.includes("busy") ? { code: "model.overloaded", name: `Busy${status}` } : {};
    const inStream = { status: 200, contentType: "application/x-ndjson", body: '"busy"\n' };

    expect(await failing(readError, { ...refusal, body: "busy" })).toMatchObject({
      code: "model.overloaded",
      details: { providerCode: "Busy424", status: 424 },
    });
    expect(await failing(readError, inStream)).toMatchObject({
      code: "model.overloaded",
      details: { providerCode: "Busy200" },
    });
    expect(await failing(readError, refusal)).toMatchObject({ code: "model.invalid_request" });
  });

  test("never holds the secrets of the request, whatever headers they were in", async () => {
    const error = await failing(undefined, refusal);

    expect(error).toMatchObject({ cause: { message: 'HTTP 424: {"message":"[redacted]"}' } });
  });
});

describe("a reader that leaves", () => {
  const question = { messages: [], tools: [] };

  test("before the answer begins closes the request, and hears no more", async () => {
    const closed = Promise.withResolvers<void>();
    const go = Promise.withResolvers<void>();
    await using server = await startLoopback((request, response) => {
      request.socket.once("close", () => closed.resolve());
      response.writeHead(200, { "content-type": "text/event-stream" });
      go.promise.then(
        () => response.write("data: {}\n\n"),
        () => undefined,
      );
    });
    await using transport = createHttpTransport();
    const stream = chat(server.url, transport).stream(question, testContext())[Symbol.asyncIterator]();
    const first = stream.next();

    await stream.return?.();
    go.resolve();

    expect(await first).toEqual({ done: true, value: undefined });
    expect(await stream.next()).toEqual({ done: true, value: undefined });
    await closed.promise;
  });

  test("before it asks for anything asks nobody", async () => {
    let asked = false;
    await using server = await startLoopback((_request, response) => {
      asked = true;
      response.end();
    });
    await using transport = createHttpTransport();
    const stream = chat(server.url, transport).stream(question, testContext())[Symbol.asyncIterator]();

    await stream.return?.();

    expect(await stream.next()).toEqual({ done: true, value: undefined });
    expect(asked).toBe(false);
  });
});
