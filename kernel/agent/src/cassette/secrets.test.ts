import { stat } from "node:fs/promises";

import { describe, expect, test } from "vitest";

import { createHttpTransport } from "../http/http-transport.ts";
import type { HttpRequest } from "../http/http-transport.ts";
import { sendPieces, startLoopback } from "../testing/loopback.ts";
import { randomSplits, seededRandom } from "../testing/random-splits.ts";
import { testContext } from "../testing/test-context.ts";
import { createPlace } from "./cassette.test.support.ts";
import { toChunk } from "./entry.ts";
import { readCassette } from "./read-cassette.ts";
import { recordTransport } from "./record-transport.ts";
import { createRedactor } from "../redaction/redactor.ts";
import { replayTransport } from "./replay-transport.ts";

const key = "hush-0123456789/abcdef";
const session = "session-of-ada-42";
const word = "Grüße an den Tresor";

function requestTo(url: string, changes: Partial<HttpRequest> = {}): HttpRequest {
  return {
    url: new URL(url),
    headers: { "content-type": "application/json" },
    body: "{}",
    limits: {},
    maxResponseBytes: 1_000_000,
    ...changes,
  };
}

/** Records one exchange whose answer is sent in the given pieces, and gives the file and what it replays. */
async function record(
  pieces: readonly Buffer[],
  options: {
    readonly request?: Partial<HttpRequest>;
    readonly query?: string;
    readonly secrets?: readonly string[];
    readonly headers?: Readonly<Record<string, string>>;
  } = {},
): Promise<{ readonly text: string; readonly answer: string }> {
  await using place = await createPlace();
  await using server = await startLoopback(async (_request, response) => {
    for (const [name, value] of Object.entries(options.headers ?? {})) response.setHeader(name, value);
    await sendPieces(response, pieces);
  });
  {
    await using transport = createHttpTransport();
    await using recorder = await recordTransport({
      path: place.path,
      transport,
      secrets: options.secrets ?? [],
    });
    const request = requestTo(`${server.url}/v1${options.query ?? ""}`, options.request);
    const response = await recorder.post(request, testContext().signal);
    await response.text(1_000_000);
  }
  const [line] = await readCassette(place.path);
  const reads = line?.entry.kind === "http" ? (line.entry.response?.reads ?? []) : [];
  return { text: await place.text(), answer: Buffer.concat(reads.flat().map(toChunk)).toString("utf8") };
}

describe("recordTransport() keeps secrets out:", () => {
  test.each([
    ["authorization", `Bearer ${key}`],
    ["authorization", `Basic ${Buffer.from(`ada:${key}`).toString("base64")}`],
    ["x-api-key", key],
    ["x-goog-api-key", key],
    ["cookie", `sid=${key}; theme=dark`],
    ["x-vendor-token", key],
  ])("the header %s, and what it says wherever it turns up", async (name, value) => {
    const echo = `{"error":{"message":"No such key: ${key.replace("/", "\\/")}"}}`;
    const headers = { "content-type": "application/json", [name]: value };

    const { text, answer } = await record([Buffer.from(echo)], {
      request: { headers, body: JSON.stringify({ note: key }) },
    });

    expect(text).not.toContain(key);
    expect(text).not.toContain(value);
    expect(answer).toBe('{"error":{"message":"No such key: [redacted]"}}');
    expect(text).toContain('"body":{"json":{"note":"[redacted]"}}');
  });

  test("values of headers and parameters that it does not know", async () => {
    const headers = { "content-type": "application/json", "x-team": "blue" };

    const { text } = await record([Buffer.from("{}")], {
      request: { headers },
      query: `?alt=sse&who=ada&key=${encodeURIComponent(key)}`,
    });

    expect(text).toContain("alt=sse&who=%5Bredacted%5D&key=%5Bredacted%5D");
    expect(text).toContain('"x-team":"[redacted]"');
    expect(text).not.toContain("blue");
  });

  test("cookies and accounts in the answer's headers, and nothing else of them", async () => {
    const { text } = await record([Buffer.from("{}")], {
      headers: {
        "set-cookie": `sid=${session}`,
        "openai-organization": "org-ada",
        "x-ratelimit-remaining-tokens": "149",
        "x-request-id": "req_1",
      },
    });

    expect(text).not.toMatch(/session-of-ada|org-ada/);
    expect(text).toContain('"x-ratelimit-remaining-tokens":"149"');
    expect(text).toContain('"x-request-id":"req_1"');
  });

  test("configured ones, however the answer is cut into chunks", async () => {
    const said = `data: {"text":"The vault opens with ${word}."}\n\ndata: [DONE]\n\n`;
    for (let seed = 0; seed < 20; seed++) {
      const pieces = randomSplits(Buffer.from(said), seededRandom(seed));
      const { text, answer } = await record(pieces, { secrets: [word] });

      expect(text).not.toContain("Tresor");
      expect(answer).toBe(said.replace(word, "[redacted]"));
    }
  });

  test("configured ones that the model says in pieces", async () => {
    const deltas = Array.from(
      word,
      (text, index) => `data: {"index":${index},"delta":{"text":${JSON.stringify(text)}}}\n\n`,
    );
    const before = 'data: {"delta":{"text":"Say "}}\n\n';
    const after = 'data: {"delta":{"text":"!"}}\n\n';

    const { answer } = await record([Buffer.from(before + deltas.join("") + after)], { secrets: [word] });

    const said = [...answer.matchAll(/"text":"([^"]*)"/g)].map(([, text]) => text).join("");
    expect(said).toBe("Say [redacted]!");
    expect(answer.match(/"index":\d+/g)).toHaveLength(word.length);
  });

  test("the beginning of one, where the answer broke off", () => {
    const { redact } = createRedactor([key]);

    expect(redact('data: {"text":"It is hush-0123', true)).toBe('data: {"text":"It is [redacted]');
    expect(redact('{"t":"It is hush-"}\n{"t":"0123"}', true)).toBe('{"t":"It is [redacted]"}\n{"t":""}');
    expect(redact('data: {"text":"It is hush-0123')).toBe('data: {"text":"It is hush-0123');
  });

  test.each([
    ["sk-proj-AbCdEfGhIjKlMnOpQrStUvWx", "[redacted]"],
    ["sk-abcd********************wxyz", "[redacted]"],
    ["AKIAIOSFODNN7EXAMPLE", "[redacted]"],
    ["AIzaSyA1234567890abcdefghijklmnopqrstuv", "[redacted]"],
    ["eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl", "[redacted]"],
    ["gAAAAABosk-proj-AbCdEfGhIjKlMnOpQrStUvWx", "gAAAAABosk-proj-AbCdEfGhIjKlMnOpQrStUvWx"],
    ["task-force and a risk-free plan", "task-force and a risk-free plan"],
  ])("what looks like a key, and only that: %s", (text, clean) => {
    expect(createRedactor([]).redact(`<${text}>`)).toBe(`<${clean}>`);
  });

  test("one in bytes that are no text: the exchange is not recorded, and the end says so", async () => {
    await using place = await createPlace();
    await using server = await startLoopback((_request, response) => {
      response.writeHead(200, { "content-type": "application/vnd.amazon.eventstream" });
      response.end(Buffer.concat([Buffer.from([0, 255, 1]), Buffer.from(key)]));
    });
    await using transport = createHttpTransport();
    const recorder = await recordTransport({ path: place.path, transport, secrets: [key] });
    const response = await recorder.post(requestTo(server.url), testContext().signal);
    await response.text(100);

    await expect(recorder[Symbol.asyncDispose]()).rejects.toMatchObject({ code: "cassette.secret_left" });
    expect(await place.text()).toBe('{"tau":"cassette","version":1}\n');
  });

  test("a file that only its owner may read", async () => {
    await using place = await createPlace();
    await (await recordTransport({ path: place.path }))[Symbol.asyncDispose]();

    expect((await stat(place.path)).mode & 0o777).toBe(0o600);
  });

  test("none that is too short to be cut out", async () => {
    await using place = await createPlace();

    await expect(recordTransport({ path: place.path, secrets: ["abc"] })).rejects.toThrow(RangeError);
  });
});

test("replayTransport() finds the answer to a request that holds a secret", async () => {
  await using place = await createPlace();
  await using server = await startLoopback((_request, response) => {
    response.end("{}");
  });
  const request = requestTo(server.url, { body: JSON.stringify({ say: word }) });
  {
    await using transport = createHttpTransport();
    await using recorder = await recordTransport({ path: place.path, transport, secrets: [word] });
    await (await recorder.post(request, testContext().signal)).text(10);
  }

  await using replayed = await replayTransport({ path: place.path, secrets: [word] });
  const response = await replayed.post(request, testContext().signal);

  expect(await response.text(10)).toBe("{}");
});
