import { createServer } from "node:http";
import { once } from "node:events";
import { text } from "node:stream/consumers";

import { isJsonObject, userText } from "@tau/core";
import type { JsonObject } from "@tau/core";
import { describe, expect, test } from "vitest";

import { testContext } from "../testing/test-context.ts";
import { createGeminiPrefixHost } from "./gemini-prefix-host.ts";
import { createGemini } from "./gemini.ts";

/** Google's cachedContents, as far as its documentation goes: two contents a page. */
async function startGoogle() {
  const kept = new Map<string, JsonObject>();
  const asked: { readonly line: string; readonly body: JsonObject; readonly key: unknown }[] = [];
  const answer = (line: string, body: JsonObject): readonly [number, JsonObject] => {
    const [method, path = ""] = line.split(" ");
    const url = new URL(path, "http://x");
    const name = url.pathname.replace("/v1beta/", "");
    if (method === "POST") {
      const made = {
        ...body,
        name: `cachedContents/c${kept.size + 1}`,
        expireTime: "2027-01-01T00:00:00Z",
        usageMetadata: { totalTokenCount: 5_000 },
      };
      kept.set(made.name, made);
      return [200, made];
    }
    if (method === "DELETE")
      return kept.delete(name) ? [200, {}] : [403, { error: { code: 403, message: "no" } }];
    const all = [...kept.values()];
    const from = Number(url.searchParams.get("pageToken") ?? 0);
    const more = from + 2 < all.length ? { nextPageToken: String(from + 2) } : {};
    return [200, { cachedContents: all.slice(from, from + 2), ...more }];
  };
  const server = createServer((request, response) => {
    text(request).then(
      (sent) => {
        const parsed: unknown = sent === "" ? {} : JSON.parse(sent);
        const body = isJsonObject(parsed) ? parsed : {};
        const line = `${request.method} ${request.url}`;
        asked.push({ line, body, key: request.headers["x-goog-api-key"] });
        if (line.includes("streamGenerateContent")) {
          response.writeHead(200, { "content-type": "text/event-stream" });
          const candidates = [{ content: { parts: [{ text: "Hi." }], role: "model" }, finishReason: "STOP" }];
          response.end(`data: ${JSON.stringify({ candidates })}\n\n`);
          return;
        }
        const [status, said] = answer(line, body);
        response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(said));
      },
      () => response.destroy(),
    );
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" ? address?.port : undefined;
  const baseUrl = `http://127.0.0.1:${port}/v1beta`;
  return {
    kept,
    asked,
    baseUrl,
    host: createGeminiPrefixHost({ apiKey: "secret-key", baseUrl }),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

const prefix = { model: "gemini-2.5-flash", system: "Be brief.", messages: [userText("A long text.")] };
const never = new AbortController().signal;

describe("createGeminiPrefixHost()", () => {
  test("makes a cached content out of instructions and messages, for a time, under a label", async () => {
    await using google = await startGoogle();

    const made = await google.host.create(prefix, { ttlMs: 3_600_000, label: "tau" }, testContext());

    expect(made).toEqual({ handle: "cachedContents/c1", tokens: 5_000, expiresAt: Date.UTC(2027, 0, 1) });
    expect(google.asked).toEqual([
      {
        line: "POST /v1beta/cachedContents",
        key: "secret-key",
        body: {
          model: "models/gemini-2.5-flash",
          systemInstruction: { parts: [{ text: "Be brief." }] },
          contents: [{ role: "user", parts: [{ text: "A long text." }] }],
          displayName: "tau",
          ttl: "3600s",
        },
      },
    ]);
  });

  test.each([{}, { baseUrl: "https://gateway.test//google/v1beta/" }])(
    "says where it is as the models do that use it: %s",
    (place) => {
      const { address } = createGeminiPrefixHost({ apiKey: "k", ...place });

      const model = createGemini({ apiKey: "k", model: "gemini-2.5-flash", ...place });
      expect(model.address).toMatch(new RegExp(`^${address}/models/`));
    },
  );

  test("a request that uses it names it beside the rest of the conversation", async () => {
    await using google = await startGoogle();
    const model = createGemini({ apiKey: "k", baseUrl: google.baseUrl, model: "gemini-2.5-flash" });
    const providerOptions = { [google.host.protocol]: google.host.use("cachedContents/c1") };
    const request = { messages: [userText("And now?")], tools: [], providerOptions };
    for await (const _ of model.stream(request, testContext()));

    expect(google.asked[0]?.body).toMatchObject({
      cachedContent: "cachedContents/c1",
      contents: [{ role: "user", parts: [{ text: "And now?" }] }],
    });
    expect(google.asked[0]?.body["systemInstruction"]).toBeUndefined();
  });

  test("lists its own, page after page, and removes what is there or not", async () => {
    await using google = await startGoogle();
    for (const label of ["tau", "other", "tau", "tau", "other"]) {
      await google.host.create(prefix, { ttlMs: 1_000, label }, testContext());
    }

    const handles = (await google.host.list("tau", never)).map(({ handle }) => handle);
    for (const handle of [...handles, "cachedContents/unknown"]) await google.host.remove(handle, never);

    expect(handles).toEqual(["cachedContents/c1", "cachedContents/c3", "cachedContents/c4"]);
    expect(google.kept.size).toBe(2);
  });

  test("refuses an answer that is no cached content, and leads to no other address", async () => {
    await using google = await startGoogle();
    google.kept.set("x", { name: "../../secrets", displayName: "tau", expireTime: "2027-01-01T00:00:00Z" });

    expect(await google.host.list("tau", never)).toEqual([]);
    await google.host.remove("../models/x", never).catch(() => undefined);
    expect(google.asked.at(-1)?.line).not.toContain("/models/x");
  });

  test("throws the signal's reason", async () => {
    await using google = await startGoogle();
    const reason = new Error("enough");

    await expect(google.host.list("tau", AbortSignal.abort(reason))).rejects.toBe(reason);
  });
});
