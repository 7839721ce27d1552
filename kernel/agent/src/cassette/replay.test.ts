import { setImmediate as nextTurn } from "node:timers/promises";

import { isTauError } from "@tau/core";
import type { ModelEvent } from "@tau/core";
import { describe, expect, test } from "vitest";

import { createAnthropic } from "../anthropic/anthropic.ts";
import { readAnthropicRecordings } from "../anthropic/recordings.test.support.ts";
import { createCohere } from "../cohere/cohere.ts";
import { createGemini } from "../gemini/gemini.ts";
import { readGeminiRecordings } from "../gemini/recordings.test.support.ts";
import { createHttpTransport } from "../http/http-transport.ts";
import type { HttpTransport } from "../http/http-transport.ts";
import type { Model, ModelRequest } from "../model.ts";
import { createOllama } from "../ollama/ollama.ts";
import { readOllamaRecordings } from "../ollama/recordings.test.support.ts";
import { createOpenAiChat } from "../openai-chat/openai-chat.ts";
import { readOpenAiRecordings } from "../openai-recordings.test.support.ts";
import { createOpenAiResponses } from "../openai-responses/openai-responses.ts";
import type { Recording } from "../replay.test.support.ts";
import { startLoopback } from "../testing/loopback.ts";
import type { LoopbackServer } from "../testing/loopback.ts";
import { randomSplits, seededRandom } from "../testing/random-splits.ts";
import { hello } from "../testing/read-all.ts";
import { testContext } from "../testing/test-context.ts";
import { createPlace } from "./cassette.test.support.ts";
import { toChunk } from "./entry.ts";
import { readCassette } from "./read-cassette.ts";
import { recordTransport } from "./record-transport.ts";
import { startReplayServer } from "./replay-server.ts";
import { replayTransport } from "./replay-transport.ts";

interface Outcome {
  readonly batches: readonly (readonly ModelEvent[])[];
  readonly error: unknown;
}

/** Some adapters make up the ids of tool calls that the provider gave none. */
const madeUp = /[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}/g;

function withoutMadeUp<Value>(value: Value): Value {
  const same: Value = JSON.parse(JSON.stringify(value).replaceAll(madeUp, "made-up"));
  return same;
}

/** Everything that a caller can see of one call. */
async function outcomeOf(model: Model, request: ModelRequest): Promise<Outcome> {
  const batches: (readonly ModelEvent[])[] = [];
  try {
    for await (const batch of model.stream(request, testContext())) batches.push(withoutMadeUp(batch));
    return { batches, error: undefined };
  } catch (error) {
    if (!isTauError(error)) throw error;
    const { code, message, class: errorClass, retryAfterMs, details } = error;
    return { batches, error: { code, message, errorClass, retryAfterMs, details } };
  }
}

interface Api {
  readonly api: string;
  readonly recordings: readonly Recording[];
  readonly create: (baseUrl: string, transport: HttpTransport) => Model;
}

const shared = { model: "any", apiKey: "sk-real-key-1234" };
const apis: readonly Api[] = [
  {
    api: "anthropic",
    recordings: readAnthropicRecordings(),
    create: (baseUrl, transport) => createAnthropic({ ...shared, baseUrl, transport }),
  },
  {
    api: "openai-chat",
    recordings: readOpenAiRecordings("chat.completions"),
    create: (baseUrl, transport) => createOpenAiChat({ ...shared, baseUrl, transport }),
  },
  {
    api: "openai-responses",
    recordings: readOpenAiRecordings("responses"),
    create: (baseUrl, transport) => createOpenAiResponses({ ...shared, baseUrl, transport }),
  },
  {
    api: "gemini",
    recordings: readGeminiRecordings(),
    create: (baseUrl, transport) => createGemini({ ...shared, baseUrl, transport }),
  },
  {
    api: "cohere",
    recordings: readOpenAiRecordings("cohere.chat"),
    create: (baseUrl, transport) => createCohere({ ...shared, baseUrl, transport }),
  },
  {
    api: "ollama",
    recordings: readOllamaRecordings(),
    create: (baseUrl, transport) => createOllama({ ...shared, baseUrl, transport }),
  },
];

/** Serves each recording at the address that begins with its number, in random pieces. */
async function serve(recordings: readonly Recording[]): Promise<LoopbackServer> {
  return await startLoopback(async (request, response) => {
    const index = Number(request.url?.split("/")[1]);
    const { status = 500, contentType, body = Buffer.alloc(0) } = recordings[index] ?? {};
    response.writeHead(status, { "content-type": contentType, "retry-after": "7" });
    for (const piece of randomSplits(body, seededRandom(index))) {
      response.write(piece);
      await nextTurn();
    }
    response.end();
  });
}

describe.each(apis)("a cassette of $api", ({ recordings, create }) => {
  test("replays every recorded answer byte for byte, event for event and error for error", async () => {
    await using place = await createPlace();
    await using server = await serve(recordings);
    const live: Outcome[] = [];
    {
      await using transport = createHttpTransport();
      await using recorder = await recordTransport({ path: place.path, transport });
      for (const index of recordings.keys())
        live.push(await outcomeOf(create(`${server.url}/${index}`, recorder), hello));
    }

    const lines = await readCassette(place.path);
    const bytes = lines.map(({ entry }) =>
      Buffer.concat(entry.kind === "http" ? (entry.response?.reads.flat().map(toChunk) ?? []) : []),
    );
    expect(bytes.map(String)).toEqual(recordings.map(({ body }) => String(body)));

    await using replayed = await replayTransport({ path: place.path });
    for (const index of [...recordings.keys()].toReversed()) {
      // Another host and no key: neither takes part in finding the answer.
      const outcome = await outcomeOf(create(`http://127.0.0.1:1/${index}`, replayed), hello);
      expect.soft(outcome, recordings[index]?.name).toEqual(live[index]);
    }
  });

  test("replays over a socket, too", async () => {
    await using place = await createPlace();
    await using server = await serve(recordings);
    await using transport = createHttpTransport();
    const live: Outcome[] = [];
    {
      await using recorder = await recordTransport({ path: place.path, transport });
      for (const index of recordings.keys())
        live.push(await outcomeOf(create(`${server.url}/${index}`, recorder), hello));
    }

    await using replay = await startReplayServer({ path: place.path });
    for (const index of recordings.keys()) {
      const { batches, error } = await outcomeOf(create(`${replay.url}/${index}`, transport), hello);
      expect.soft(batches.flat().at(-1), recordings[index]?.name).toEqual(live[index]?.batches.flat().at(-1));
      expect.soft(error).toEqual(live[index]?.error);
    }
  });
});
