import { getEventListeners, once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer as createHttpsServer } from "node:https";
import { createServer as createTcpServer } from "node:net";
import type { AddressInfo, Server, Socket } from "node:net";
import { inspect } from "node:util";

import { describe, expect, test } from "vitest";

import { createOpenAiChat } from "../openai-chat/openai-chat.ts";
import type { OpenAiChatOptions } from "../openai-chat/openai-chat.ts";
import { startLoopback } from "../testing/loopback.ts";
import { hello, readAll } from "../testing/read-all.ts";
import { startScriptedServer } from "../scripted/server.ts";
import { createHttpTransport } from "./http-transport.ts";

const chunk = (text: string): string =>
  `data: {"choices":[{"index":0,"delta":{"content":${JSON.stringify(text)}},"finish_reason":null}]}\n\n`;
const ending = 'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n';
const streamHead = { "content-type": "text/event-stream" };

/** A TCP server that gives every connection to `handle`. */
async function startTcp(
  handle: (socket: Socket) => void,
): Promise<AsyncDisposable & { readonly port: number }> {
  const sockets = new Set<Socket>();
  const server: Server = createTcpServer((socket) => {
    sockets.add(socket.on("error", () => undefined));
    handle(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: portOf(server),
    async [Symbol.asyncDispose]() {
      const closed = once(server, "close");
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

function portOf(server: Server): number {
  const address: AddressInfo | string | null = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

/** Asks a model at `baseUrl` over a transport of its own and answers what was thrown. */
async function failureOf(baseUrl: string, options: Partial<OpenAiChatOptions> = {}): Promise<unknown> {
  await using transport = createHttpTransport();
  const model = createOpenAiChat({ baseUrl, model: "any", transport, ...options });
  return await readAll(model).catch((error: unknown) => error);
}

describe("limits of a call", () => {
  test("gives up on a connection that never stands", async () => {
    // A TLS handshake that is never answered.
    await using server = await startTcp(() => undefined);
    const error = await failureOf(`https://127.0.0.1:${server.port}`, { timeouts: { connectMs: 30 } });

    expect(error).toMatchObject({ code: "model.timeout", class: "retryable" });
  });

  test("gives up on an answer that never begins", async () => {
    await using server = await startLoopback(() => undefined);
    const error = await failureOf(server.url, { timeouts: { headersMs: 30 } });

    expect(error).toMatchObject({ code: "model.timeout", details: { reason: "UND_ERR_HEADERS_TIMEOUT" } });
  });

  test("gives up on an answer that falls silent", async () => {
    await using server = await startLoopback((_request, response) => {
      response.writeHead(200, streamHead);
      response.write(chunk("hi"));
    });
    const error = await failureOf(server.url, { timeouts: { idleMs: 30 } });

    expect(error).toMatchObject({ code: "model.idle_timeout", class: "retryable" });
  });

  test("refuses an answer larger than its limit", async () => {
    await using server = await startLoopback((_request, response) => {
      response.writeHead(200, streamHead);
      response.end(chunk("x".repeat(5000)).repeat(10) + ending);
    });

    expect(await failureOf(server.url, { timeouts: { maxResponseBytes: 20_000 } })).toMatchObject({
      code: "model.too_large",
    });
    expect(await failureOf(server.url, { timeouts: { maxEventBytes: 2000 } })).toMatchObject({
      code: "model.too_large",
    });
  });

  test("holds at most two socket reads for a reader that is slower than the network", async () => {
    const total = 8 * 1024 * 1024;
    let sent = 0;
    await using server = await startLoopback(async (_request, response) => {
      response.writeHead(200, streamHead);
      for (; sent < total; sent += 8192) {
        if (response.write(`: ${"x".repeat(8187)}\n`)) continue;
        await once(response, "drain");
      }
      response.end();
    });
    await using transport = createHttpTransport();
    const response = await transport.post(
      { url: new URL(server.url), headers: {}, body: "", limits: {}, maxResponseBytes: total * 2 },
      new AbortController().signal,
    );
    // Read only when the server has sent what it can: everything, if nothing held it back.
    let before = -1;
    const cameToRest = (): boolean => before === (before = sent);
    await expect.poll(cameToRest, { interval: 30 }).toBe(true);

    const sizes: number[] = [];
    for (let read = await response.read(); read !== undefined; read = await response.read()) {
      sizes.push(read.reduce((sum, piece) => sum + piece.length, 0));
    }

    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe((sent / 8192) * 8190);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(2 * 65_536);
  });
});

describe("failures of the other side", () => {
  test("says that nobody listens", async () => {
    const server = await startTcp(() => undefined);
    await server[Symbol.asyncDispose]();

    expect(await failureOf(`http://127.0.0.1:${server.port}`)).toMatchObject({
      code: "model.network",
      class: "retryable",
      details: { reason: "ECONNREFUSED" },
    });
  });

  test("says that the connection was reset", async () => {
    await using server = await startTcp((socket) => socket.once("data", () => socket.destroy()));

    expect(await failureOf(`http://127.0.0.1:${server.port}`)).toMatchObject({ code: "model.network" });
  });

  test("says that the other side does not speak HTTP", async () => {
    await using server = await startTcp((socket) =>
      socket.once("data", () => socket.write("SSH-2.0-OpenSSH\r\n")),
    );

    expect(await failureOf(`http://127.0.0.1:${server.port}`)).toMatchObject({ code: "model.parse" });
  });

  test("does not follow a redirect, and does not send the key there", async () => {
    const paths: (string | undefined)[] = [];
    await using server = await startLoopback((request, response) => {
      paths.push(request.url);
      response.writeHead(307, { location: "/elsewhere" });
      response.end();
    });

    expect(await failureOf(server.url)).toMatchObject({ code: "model.redirected", class: "permanent" });
    expect(paths).toEqual(["/chat/completions"]);
  });

  test("tells a web page from an API", async () => {
    await using server = await startLoopback((_request, response) => {
      response.writeHead(200, { "content-type": "text/html" });
      response.end("<html>Welcome</html>");
    });

    expect(await failureOf(server.url)).toMatchObject({ code: "model.parse", class: "permanent" });
  });

  test("reads an error that came with status 200 as JSON", async () => {
    await using server = await startLoopback((_request, response) => {
      response.writeHead(200, { "content-type": "application/json" });
      response.end('{"error":{"code":429,"message":"slow"}}');
    });

    expect(await failureOf(server.url)).toMatchObject({ code: "model.rate_limited" });
  });

  test("never shows the key, whatever goes wrong", async () => {
    const apiKey = "sk-very-secret";
    await using server = await startLoopback((request, response) => {
      response.writeHead(401, { "content-type": "application/json" });
      response.end(JSON.stringify({ error: { message: `Wrong: ${request.headers.authorization}` } }));
    });

    for (const key of [apiKey, `${apiKey}\n injected: header`, `${apiKey}é\u0000`]) {
      const error = await failureOf(server.url, { apiKey: key });
      expect(error).toMatchObject({ kind: "tau.error" });
      expect(inspect(error, { depth: 9 })).not.toContain(apiKey);
    }
    expect(await failureOf("http://127.0.0.1:1", { apiKey })).toMatchObject({ code: "model.network" });
  });
});

describe("connections", () => {
  test("are used again by the next call", async () => {
    const ports = new Set<number | undefined>();
    await using server = await startLoopback((request, response) => {
      ports.add(request.socket.remotePort);
      response.writeHead(200, streamHead);
      response.end(chunk("hi") + ending);
    });
    await using transport = createHttpTransport();
    const model = createOpenAiChat({ baseUrl: server.url, model: "any", transport });
    for (let call = 0; call < 4; call++) await readAll(model);

    expect(ports.size).toBe(1);
  });

  test("work over TLS, with the certificates that are trusted", async () => {
    const read = (name: string): string =>
      readFileSync(new URL(`../../fixtures/tls/loopback-test.${name}.pem`, import.meta.url), "utf8");
    const server = createHttpsServer({ key: read("key"), cert: read("cert") }, (_request, response) => {
      response.writeHead(200, streamHead);
      response.end(chunk("hi") + ending);
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const baseUrl = `https://127.0.0.1:${portOf(server)}`;
    await using trusting = createHttpTransport({ ca: read("cert") });
    const model = createOpenAiChat({ baseUrl, model: "any", transport: trusting });

    const { finished } = await readAll(model);
    const refused = await failureOf(baseUrl);
    server.closeAllConnections();
    server.close();

    expect(finished.message.parts).toEqual([{ type: "text", text: "hi" }]);
    expect(refused).toMatchObject({
      code: "model.network",
      details: { reason: "DEPTH_ZERO_SELF_SIGNED_CERT" },
    });
  });

  test("are closed when the call is cancelled before its answer begins", async () => {
    let closed = false;
    await using server = await startLoopback((request) => {
      request.socket.once("close", () => (closed = true));
      controller.abort(reason);
    });
    const reason = new Error("enough");
    const controller = new AbortController();
    await using transport = createHttpTransport();
    const model = createOpenAiChat({ baseUrl: server.url, model: "any", transport });

    await expect(readAll(model, hello, controller.signal)).rejects.toBe(reason);
    await expect.poll(() => closed).toBe(true);
  });

  test("leave nothing on the signal when the call is over", async () => {
    await using server = await startScriptedServer({ turns: [{ text: "hi" }] });
    const { signal } = new AbortController();
    const model = createOpenAiChat({ baseUrl: `${server.url}/v1`, model: "any" });
    for (let call = 0; call < 3; call++) await readAll(model, hello, signal);

    expect(getEventListeners(signal, "abort")).toEqual([]);
  });
});
