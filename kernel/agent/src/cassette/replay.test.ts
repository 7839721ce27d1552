import { isTauError } from "@tau/core";
import type { ModelEvent } from "@tau/core";
import { describe, expect, test } from "vitest";

import { createAnthropic } from "../anthropic/anthropic.ts";
import { createHttpTransport } from "../http/http-transport.ts";
import type { HttpTransport } from "../http/http-transport.ts";
import type { Model, ModelRequest } from "../model.ts";
import { createOpenAiChat } from "../openai-chat/openai-chat.ts";
import { contextOf, hello, randomSplits, readRecordings, seededRandom } from "../recorded.test.support.ts";
import type { Recording } from "../recorded.test.support.ts";
import { sendPieces, startLoopback } from "../replay-server.test.support.ts";
import type { LoopbackServer } from "../replay-server.test.support.ts";
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

/** Everything that a caller can see of one call. */
async function outcomeOf(model: Model, request: ModelRequest): Promise<Outcome> {
  const batches: (readonly ModelEvent[])[] = [];
  try {
    for await (const batch of model.stream(request, contextOf())) batches.push(batch);
    return { batches, error: undefined };
  } catch (error) {
    if (!isTauError(error)) throw error;
    const { code, message, class: errorClass, retryAfterMs, details } = error;
    return { batches, error: { code, message, errorClass, retryAfterMs, details } };
  }
}

const apis = [
  {
    api: "openai.chat.completions",
    create: (url: string, transport: HttpTransport, index: number) =>
      createOpenAiChat({ baseUrl: `${url}/${index}`, model: "any", apiKey: "sk-real-key-1234", transport }),
  },
  {
    api: "anthropic.messages",
    create: (url: string, transport: HttpTransport, index: number) =>
      createAnthropic({ baseUrl: `${url}/${index}`, model: "any", apiKey: "sk-real-key-1234", transport }),
  },
] as const;

/** Serves each recording at the address that begins with its number. */
async function serve(recordings: readonly Recording[]): Promise<LoopbackServer> {
  return await startLoopback(async (request, response) => {
    const index = Number(request.url?.split("/")[1]);
    const recording = recordings[index];
    if (recording?.kind === "stream") {
      await sendPieces(response, randomSplits(recording.body, seededRandom(index)));
      return;
    }
    response.writeHead(recording?.status ?? 500, { "content-type": "application/json", "retry-after": "7" });
    response.end(recording?.body);
  });
}

describe.each(apis)("a cassette of $api", ({ api, create }) => {
  const recordings = readRecordings(api);

  test("replays every recorded answer byte for byte, event for event and error for error", async () => {
    await using place = await createPlace();
    await using server = await serve(recordings);
    const live: Outcome[] = [];
    {
      await using transport = createHttpTransport();
      await using recorder = await recordTransport({ path: place.path, transport });
      for (const index of recordings.keys())
        live.push(await outcomeOf(create(server.url, recorder, index), hello));
    }

    const lines = await readCassette(place.path);
    const bytes = lines.map(({ entry }) =>
      Buffer.concat(entry.kind === "http" ? (entry.response?.reads.flat().map(toChunk) ?? []) : []),
    );
    expect(bytes.map(String)).toEqual(recordings.map(({ body }) => String(body)));

    await using replayed = await replayTransport({ path: place.path });
    for (const index of [...recordings.keys()].toReversed()) {
      // Another host and no key: neither takes part in finding the answer.
      const outcome = await outcomeOf(create("http://127.0.0.1:1", replayed, index), hello);
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
        live.push(await outcomeOf(create(server.url, recorder, index), hello));
    }

    await using replay = await startReplayServer({ path: place.path });
    for (const index of recordings.keys()) {
      const { batches, error } = await outcomeOf(create(replay.url, transport, index), hello);
      expect.soft(batches.flat().at(-1), recordings[index]?.name).toEqual(live[index]?.batches.flat().at(-1));
      expect.soft(error).toEqual(live[index]?.error);
    }
  });
});
