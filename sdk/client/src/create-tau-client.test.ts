import { createServer } from "node:http";
import type { RequestListener } from "node:http";
import type { AddressInfo } from "node:net";

import { describe, expect, it } from "vitest";

import { createTauClient } from "./create-tau-client.ts";

async function serve(listener: RequestListener): Promise<{ readonly url: string } & AsyncDisposable> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const address: AddressInfo | string | null = server.address();
  const port = typeof address === "object" ? address?.port : undefined;
  return {
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}

/** An address where nothing listens any more. */
async function deadUrl(): Promise<string> {
  await using served = await serve(() => undefined);
  return served.url;
}

describe("a client", () => {
  it.each(["", "localhost:7117", "ftp://example.org"])("refuses %j as an address", (baseUrl) => {
    expect(() => createTauClient({ baseUrl })).toThrow(
      expect.objectContaining({
        code: "client.invalid_url",
        message: expect.stringContaining("http://127.0.0.1"),
      }),
    );
  });

  it.each(["1.1", "2"] as const)("says that nothing answers over HTTP/%s", async (httpVersion) => {
    using client = createTauClient({ baseUrl: await deadUrl(), httpVersion });
    const failure: unknown = await client.getSession("s1").catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: "client.unreachable", class: "retryable" });
    const message = failure instanceof Error ? failure.message : "";
    expect(message).toMatch(
      /^The server does not answer: .*Check its address, and that "tau serve" runs there\.$/u,
    );
    expect(message.match(/ECONNREFUSED/gu)).toHaveLength(1);
  });

  it("says that what answers knows nothing of HTTP/2, and lives on", async () => {
    await using served = await serve((_request, response) => {
      response.end("<h1>Hello</h1>");
    });
    using client = createTauClient({ baseUrl: served.url });
    for (let i = 0; i < 3; i++)
      await expect(client.getSession("s1")).rejects.toMatchObject({ name: "TauError" });
  });

  it("says that something else answers", async () => {
    await using served = await serve((_request, response) => {
      response.setHeader("content-type", "text/html");
      response.end("<h1>Hello</h1>");
    });
    using client = createTauClient({ baseUrl: served.url, httpVersion: "1.1" });
    await expect(client.getSession("s1")).rejects.toMatchObject({
      code: "client.protocol",
      class: "permanent",
    });
  });

  it("sends its token and headers", async () => {
    const seen: unknown[] = [];
    await using served = await serve(({ headers }, response) => {
      seen.push([headers.authorization, headers["traceparent"]]);
      response.statusCode = 401;
      response.end();
    });
    using client = createTauClient({
      baseUrl: served.url,
      httpVersion: "1.1",
      token: "secret-token",
      headers: { traceparent: "00-x" },
    });
    await expect(client.listSessions()).rejects.toMatchObject({ name: "TauError" });
    expect(seen).toEqual([["Bearer secret-token", "00-x"]]);
  });

  it("gives a stream up after the attempts it was allowed", async () => {
    using client = createTauClient({ baseUrl: await deadUrl(), reconnect: { attempts: 2, baseDelayMs: 1 } });
    const stream = client.attach({ sessionId: "s1" })[Symbol.asyncIterator]();
    await expect(stream.next()).rejects.toMatchObject({ code: "client.unreachable" });
  });

  it("stops waiting to reconnect when it is told to", async () => {
    using client = createTauClient({ baseUrl: await deadUrl(), reconnect: { baseDelayMs: 3_600_000 } });
    const stop = new AbortController();
    const stream = client.attach({ sessionId: "s1", signal: stop.signal })[Symbol.asyncIterator]();
    const next = stream.next();
    setImmediate(() => stop.abort());
    await expect(next).rejects.toMatchObject({ name: "TauError" });
  });
});
