import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { createHttpTransport } from "@tau/agent";
import type { HttpTransport, Model } from "@tau/agent";
import { recordTransport, replayTransport, startReplayServer } from "@tau/agent/cassette";
import { randomSplits, readAll, seededRandom, sendPieces, startLoopback } from "@tau/agent/testing";
import { isTauError } from "@tau/core";
import { expect, test } from "vitest";

import { createBedrockConverse } from "./bedrock-converse.ts";
import { readRecordings } from "./recordings.test.support.ts";

const recordings = readRecordings();
const credentials = { accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "signed-with-this-secret" };

/** All events, or the code of the failure. */
async function outcomeOf(model: Model): Promise<unknown> {
  try {
    return (await readAll(model)).events;
  } catch (error) {
    return isTauError(error) ? error.code : error;
  }
}

test("a cassette of createBedrockConverse() replays its binary streams, and holds no credentials", async () => {
  const folder = await mkdtemp(join(tmpdir(), "tau-cassette-"));
  const path = join(folder, "calls.ndjson");
  await using transport = createHttpTransport();
  await using server = await startLoopback(async (request, response) => {
    const index = Number(/replay-(\d+)-/.exec(request.url ?? "")?.[1]);
    const { status = 500, headers, body = Buffer.alloc(0) } = recordings[index] ?? {};
    response.writeHead(status, headers);
    await sendPieces(response, randomSplits(body, seededRandom(index)));
  });
  const create = (baseUrl: string, over: HttpTransport, index: number): Model =>
    createBedrockConverse({
      baseUrl,
      model: `replay-${index}-${recordings[index]?.model}`,
      region: "us-east-1",
      credentials,
      transport: over,
    });
  const live: unknown[] = [];
  {
    await using recorder = await recordTransport({ path, transport });
    for (const index of recordings.keys()) live.push(await outcomeOf(create(server.url, recorder, index)));
  }

  await using replayed = await replayTransport({ path });
  await using served = await startReplayServer({ path });
  for (const [index, { name }] of recordings.entries()) {
    expect.soft(await outcomeOf(create("http://127.0.0.1:1", replayed, index)), name).toEqual(live[index]);
    expect.soft(await outcomeOf(create(served.url, transport, index)), name).toEqual(live[index]);
  }
  expect(await readFile(path, "utf8")).not.toMatch(/AKIAIOSFODNN7EXAMPLE|signed-with-this|Signature=/);
  await rm(folder, { recursive: true });
});
