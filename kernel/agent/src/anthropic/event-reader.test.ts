import { isJsonObject, isTauError, parseJson } from "@tau/core";
import type { JsonObject } from "@tau/core";
import { expect, test } from "vitest";

import { createHttpTransport } from "../http/http-transport.ts";
import { readAnthropicRecordings } from "./recordings.test.support.ts";
import { sendPieces, startLoopback } from "../testing/loopback.ts";
import { readAll } from "../testing/read-all.ts";
import { createAnthropic } from "./anthropic.ts";
import { createAnthropicEventReader } from "./event-reader.ts";

const identity = { provider: "anthropic", model: "any" };

function eventsOf(body: Buffer): readonly JsonObject[] {
  return body
    .toString("utf8")
    .split("\n")
    .filter((line) => line.startsWith("data:"))
    .flatMap((line) => {
      const parsed = parseJson(line.slice(5));
      return parsed.ok && isJsonObject(parsed.value) ? [parsed.value] : [];
    });
}

/** The events, or the code of the failure. */
async function outcomeOf(read: () => Promise<unknown>): Promise<unknown> {
  return await read().catch((error: unknown) => (isTauError(error) ? error.code : error));
}

test("createAnthropicEventReader() reads recorded events as the adapter reads their stream", async () => {
  const recordings = readAnthropicRecordings().filter(({ kind }) => kind === "stream");
  await using server = await startLoopback(({ url }, response) =>
    sendPieces(response, [recordings[Number(url?.split("/")[1])]?.body ?? Buffer.alloc(0)]),
  );
  await using transport = createHttpTransport();
  for (const [index, { name, body }] of recordings.entries()) {
    const model = createAnthropic({ baseUrl: `${server.url}/${index}`, model: "any", transport });
    const reader = createAnthropicEventReader(identity);

    const read = await outcomeOf(async () => eventsOf(body).flatMap((event) => reader.read(event)));

    expect.soft(read, name).toEqual(await outcomeOf(async () => (await readAll(model)).events));
  }
});

test("createAnthropicEventReader() throws what an error event says", () => {
  const reader = createAnthropicEventReader(identity);
  const event = { type: "error", error: { type: "overloaded_error", message: "busy" } };

  expect(() => reader.read(event)).toThrow(expect.objectContaining({ code: "model.overloaded" }));
});
