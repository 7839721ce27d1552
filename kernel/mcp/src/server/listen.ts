import { once } from "node:events";
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { ReadableStream } from "node:stream/web";

import type { McpEndpoint } from "./create-mcp-endpoint.ts";

/** A listening endpoint. Disposing it closes every connection. */
export interface McpListener extends AsyncDisposable {
  readonly url: URL;
}

/** Listens with an endpoint on an address of this machine, at the path `/mcp`. Port 0 takes a free one. */
export async function listenMcp(
  endpoint: McpEndpoint,
  { host = "127.0.0.1", port = 0 }: { readonly host?: string; readonly port?: number } = {},
): Promise<McpListener> {
  const server = createServer((incoming, outgoing) => {
    answer(endpoint, incoming, outgoing).catch(() => outgoing.destroy());
  });
  server.listen(port, host);
  await once(server, "listening");
  const address = server.address();
  const bound = typeof address === "object" && address !== null ? address.port : port;
  const name = host.includes(":") ? `[${host}]` : host;
  return {
    url: new URL(`http://${name}:${bound}/mcp`),
    async [Symbol.asyncDispose]() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function answer(
  endpoint: McpEndpoint,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const gone = new AbortController();
  outgoing.once("close", () => gone.abort());
  const url = new URL(incoming.url ?? "/", `http://${incoming.headers.host ?? "localhost"}`);
  const body = incoming.iterator({ destroyOnReturn: false });
  const response =
    url.pathname === "/mcp"
      ? await endpoint.fetch(toWebRequest(incoming, { url, body, signal: gone.signal }))
      : new Response("Not found. The endpoint is /mcp.\n", { status: 404 });
  await Promise.all([send(response, outgoing), discard(body)]);
}

async function send(response: Response, outgoing: ServerResponse): Promise<void> {
  outgoing.writeHead(response.status, [...response.headers].flat());
  if (response.body === null) {
    outgoing.end();
    return;
  }
  outgoing.flushHeaders();
  const body: ReadableStream<Uint8Array> = response.body;
  await pipeline(Readable.fromWeb(body), outgoing);
}

/** What is read of a body that nobody wanted, in bytes: enough for its sender to see the answer in place of a broken connection. */
const maxDiscardedBytes = 67_108_864;

type Body = AsyncIterator<Uint8Array>;

async function discard(body: Body): Promise<void> {
  for (let bytes = 0; ;) {
    const { done = false, value } = await body.next();
    if (done) return;
    bytes += value.byteLength;
    if (bytes > maxDiscardedBytes)
      throw new RangeError("The body of a request is longer than anybody waits for.");
  }
}

function toWebRequest(
  incoming: IncomingMessage,
  { url, body: rest, signal }: { readonly url: URL; readonly body: Body; readonly signal: AbortSignal },
): Request {
  const { method = "GET", rawHeaders } = incoming;
  const headers = new Headers();
  for (let at = 0; at + 1 < rawHeaders.length; at += 2)
    headers.append(rawHeaders[at] ?? "", rawHeaders[at + 1] ?? "");
  if (method === "GET" || method === "HEAD") return new Request(url, { method, headers, signal });
  // Nothing is read ahead, so that what is not wanted can be told from what is.
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done = false, value } = await rest.next();
        if (done) controller.close();
        else controller.enqueue(value);
      },
    },
    { highWaterMark: 0 },
  );
  return new Request(url, { method, headers, signal, body, duplex: "half" });
}
