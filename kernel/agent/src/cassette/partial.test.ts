import { describe, expect, test } from "vitest";

import { createHttpTransport } from "../http/http-transport.ts";
import type { HttpTransport } from "../http/http-transport.ts";
import type { Model } from "../model.ts";
import { createOpenAiChat } from "../openai-chat/openai-chat.ts";
import { hello } from "../testing/read-all.ts";
import { testContext } from "../testing/test-context.ts";
import { startScriptedServer } from "../scripted/server.ts";
import type { TranscriptFailure } from "../scripted/transcript.ts";
import { createPlace } from "./cassette.test.support.ts";
import type { CassettePlace } from "./cassette.test.support.ts";
import { readCassette } from "./read-cassette.ts";
import { recordTransport } from "./record-transport.ts";
import { startReplayServer } from "./replay-server.ts";
import { replayTransport } from "./replay-transport.ts";

type Reader = (model: Model) => Promise<unknown>;

/** Reads to the end; the text that was said and the code of the failure. */
const readOut: Reader = async (model) => {
  let text = "";
  try {
    for await (const batch of model.stream(hello, testContext())) {
      for (const event of batch) text += event.type === "text_delta" ? event.text : `<${event.type}>`;
    }
  } catch (error) {
    return [text, error instanceof Error && "code" in error ? error.code : error];
  }
  return [text, "whole"];
};

/** Gives up while it waits for what comes after the first words. */
const abortWaiting: Reader = async (model) => {
  const controller = new AbortController();
  const reason = new Error("enough");
  const stream = model.stream(hello, testContext(controller.signal))[Symbol.asyncIterator]();
  await stream.next();
  const next = stream.next();
  setImmediate(() => controller.abort(reason));
  return await next.catch((error: unknown) => error === reason);
};

/** Leaves after the first words. */
const leave: Reader = async (model) => {
  for await (const batch of model.stream(hello, testContext())) return batch;
  return undefined;
};

function chat(url: string, transport: HttpTransport, idleMs = 0): Model {
  return createOpenAiChat({ baseUrl: `${url}/v1`, model: "scripted", transport, timeouts: { idleMs } });
}

/** Records one call to a scripted model that fails so. */
async function record(
  place: CassettePlace,
  read: Reader,
  options: { readonly failure?: TranscriptFailure; readonly idleMs?: number } = {},
): Promise<unknown> {
  const { failure, idleMs = 0 } = options;
  const turn = { text: "Hello, world.", chunkChars: 1, ...(failure === undefined ? {} : { failure }) };
  await using server = await startScriptedServer({ turns: [turn] });
  await using transport = createHttpTransport();
  await using recorder = await recordTransport({ path: place.path, transport });
  return await read(chat(server.url, recorder, idleMs));
}

async function endIn(place: CassettePlace): Promise<unknown> {
  const [line] = await readCassette(place.path);
  return line?.entry.end;
}

describe("a recording that is not whole replays as what it was:", () => {
  test.each<[string, TranscriptFailure]>([
    ["cut", { kind: "cut", afterEvents: 5 }],
    ["reset before its head", { kind: "reset" }],
    ["ended without its end marker", { kind: "end", afterEvents: 5 }],
    ["garbage", { kind: "garbage", afterEvents: 5 }],
  ])("%s", async (_name, failure) => {
    await using place = await createPlace();
    const live = await record(place, readOut, { failure });

    await using replayed = await replayTransport({ path: place.path });
    expect(await readOut(chat("http://127.0.0.1:1", replayed))).toEqual(live);

    await using server = await startReplayServer({ path: place.path });
    await using transport = createHttpTransport();
    expect(await readOut(chat(server.url, transport))).toEqual(live);
  });

  test("stalled until the idle limit", async () => {
    await using place = await createPlace();
    const failure = { kind: "stall", afterEvents: 5 } as const;
    const live = await record(place, readOut, { failure, idleMs: 50 });

    expect(live).toEqual(["Hell", "model.idle_timeout"]);
    await using replayed = await replayTransport({ path: place.path });
    expect(await readOut(chat("http://127.0.0.1:1", replayed))).toEqual(live);

    await using server = await startReplayServer({ path: place.path });
    await using transport = createHttpTransport();
    expect(await readOut(chat(server.url, transport, 50))).toEqual(live);
  });

  test("never connected", async () => {
    await using place = await createPlace();
    const gone = await startScriptedServer({ turns: [] });
    await gone.close();
    {
      await using transport = createHttpTransport();
      await using recorder = await recordTransport({ path: place.path, transport });
      expect(await readOut(chat(gone.url, recorder))).toEqual(["", "model.network"]);
    }

    expect(await endIn(place)).toMatchObject({ failed: { code: "ECONNREFUSED" } });
    await using replayed = await replayTransport({ path: place.path });
    expect(await readOut(chat("http://127.0.0.1:1", replayed))).toEqual(["", "model.network"]);
  });

  test("aborted while waiting: says the same and is silent until it is aborted again", async () => {
    await using place = await createPlace();
    expect(await record(place, abortWaiting, { failure: { kind: "stall", afterEvents: 5 } })).toBe(true);

    expect(await endIn(place)).toBe("aborted");
    await using replayed = await replayTransport({ path: place.path });
    expect(await abortWaiting(chat("http://127.0.0.1:1", replayed))).toBe(true);

    await using server = await startReplayServer({ path: place.path });
    await using transport = createHttpTransport();
    expect(await abortWaiting(chat(server.url, transport))).toBe(true);
  });

  test("aborted while waiting: fails as a silent provider does when nobody aborts", async () => {
    await using place = await createPlace();
    await record(place, abortWaiting, { failure: { kind: "stall", afterEvents: 5 } });

    await using replayed = await replayTransport({ path: place.path });
    expect(await readOut(chat("http://127.0.0.1:1", replayed, 20))).toEqual(["Hell", "model.idle_timeout"]);
  });

  test("aborted before the head", async () => {
    await using place = await createPlace();
    const controller = new AbortController();
    const aborted: Reader = async (model) => {
      const stream = model.stream(hello, testContext(controller.signal))[Symbol.asyncIterator]();
      return await stream.next().catch((error: unknown) => error === controller.signal.reason);
    };
    await using server = await startScriptedServer({ turns: [{ text: "late", firstDelayMs: 30_000 }] });
    {
      await using transport = createHttpTransport();
      await using recorder = await recordTransport({ path: place.path, transport });
      const waiting = aborted(chat(server.url, recorder));
      await expect.poll(() => server.requests.length).toBe(1);
      controller.abort(new Error("too late"));
      expect(await waiting).toBe(true);
    }

    expect(await endIn(place)).toBe("aborted");
  });

  test("left early: a reader that wants more is told why there is none", async () => {
    await using place = await createPlace();
    const live = await record(place, leave, { failure: { kind: "stall", afterEvents: 5 } });

    expect(await endIn(place)).toBe("left");
    await using replayed = await replayTransport({ path: place.path });
    expect(await leave(chat("http://127.0.0.1:1", replayed))).toEqual(live);
    await using again = await replayTransport({ path: place.path });
    expect(await readOut(chat("http://127.0.0.1:1", again))).toEqual([
      expect.any(String),
      "cassette.incomplete",
    ]);

    await using server = await startReplayServer({ path: place.path });
    await using transport = createHttpTransport();
    expect(await readOut(chat(server.url, transport))).toEqual([expect.any(String), "model.network"]);
  });

  test("forgotten by its reader: written down when the recorder is disposed of", async () => {
    await using place = await createPlace();
    await record(
      place,
      async (model) => await model.stream(hello, testContext())[Symbol.asyncIterator]().next(),
      {
        failure: { kind: "stall", afterEvents: 5 },
      },
    );

    expect(await endIn(place)).toBe("left");
  });

  test("too large for whoever replays it", async () => {
    await using place = await createPlace();
    await record(place, readOut);

    await using replayed = await replayTransport({ path: place.path });
    const model = createOpenAiChat({
      baseUrl: "http://127.0.0.1:1/v1",
      model: "scripted",
      transport: replayed,
      timeouts: { maxResponseBytes: 10 },
    });
    expect(await readOut(model)).toEqual(["", "model.too_large"]);
  });
});
