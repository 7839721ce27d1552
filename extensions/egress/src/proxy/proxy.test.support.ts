import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { request as httpRequest } from "node:http";
import type { IncomingMessage, RequestListener } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { connect as connectTls } from "node:tls";
import type { TLSSocket } from "node:tls";

import { onTestFinished } from "vitest";

import type { EgressRow } from "../audit.ts";
import type { LoopbackServer } from "../canary.test.support.ts";
import { openEgressProxy } from "./open-egress-proxy.ts";
import type { EgressProxy, EgressProxyOptions } from "./open-egress-proxy.ts";
import { createSessionAuthority } from "./session-authority.ts";

/** An HTTPS server on loopback with a certificate for `name`, which ends with the test. */
export async function startTlsServer(name: string, answer: RequestListener): Promise<LoopbackServer> {
  const authority = createSessionAuthority([name]);
  let visits = 0;
  const requests: IncomingMessage[] = [];
  const server = createTlsServer(
    { SNICallback: (_, done) => done(null, authority.contextFor(name)) },
    (request, response) => {
      requests.push(request);
      answer(request, response);
    },
  );
  server.on("connection", () => visits++);
  server.on("tlsClientError", () => undefined);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  authorities.set(name, authority.certificate);
  return { port: portOf(server.address()), visits: () => visits, requests };
}

/** What the servers' certificates are signed by. */
const authorities = new Map<string, string>();

export function trusted(name: string): string {
  return authorities.get(name) ?? "";
}

export interface TestProxy extends EgressProxy {
  readonly rows: readonly EgressRow[];
  readonly refusals: readonly string[];
}

/** A proxy for which every name leads to 127.0.0.1, and that is a public address. It ends with the test. */
export async function startProxy(
  options: Partial<EgressProxyOptions> & Pick<EgressProxyOptions, "hosts">,
): Promise<TestProxy> {
  const folder = await mkdtemp(join(tmpdir(), "tau-proxy-"));
  onTestFinished(async () => await rm(folder, { recursive: true }));
  const rows: EgressRow[] = [];
  const refusals: string[] = [];
  const proxy = await openEgressProxy({
    socketPath: join(folder, "proxy.sock"),
    caller: () => ({ tenant: "acme", session: "s1", commands: ["call-1"] }),
    addresses: ["127.0.0.1"],
    lookup: async () => ["127.0.0.1"],
    audit: { write: (row) => rows.push(row) },
    onRefusal: (reason) => refusals.push(reason),
    ...options,
  });
  onTestFinished(async () => await proxy[Symbol.asyncDispose]());
  return { ...proxy, rows, refusals };
}

/** What a proxy or a server answered. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly text: string;
}

/** Asks the proxy for a tunnel; the answer instead of a socket when it refuses. */
export async function tunnel({ socketPath }: EgressProxy, target: string): Promise<Socket | Answer> {
  const request = httpRequest({ socketPath, method: "CONNECT", path: target, headers: { host: target } });
  request.end();
  const [response, socket, head] = await once(request, "connect");
  if (response.statusCode === 200) return socket;
  return { status: response.statusCode, headers: response.headers, text: String(head) };
}

/** Like {@link tunnel}, for a target that must be let through. */
export async function openTunnel(proxy: EgressProxy, target: string): Promise<Socket> {
  const socket = await tunnel(proxy, target);
  if ("status" in socket) throw new Error(`The proxy refused: ${socket.status} ${socket.text}`);
  onTestFinished(() => {
    socket.destroy();
  });
  return socket;
}

/** Speaks TLS through a tunnel. Rejects when the handshake fails. */
export async function encrypt(socket: Socket, servername: string, ca: string): Promise<TLSSocket> {
  const secure = connectTls({ socket, servername, ca });
  await once(secure, "secureConnect");
  return secure;
}

/** One request over a connection. */
export async function ask(
  socket: Duplex,
  options: {
    readonly path?: string;
    readonly method?: string;
    readonly headers?: Record<string, string>;
    readonly body?: string;
  },
): Promise<Answer> {
  const { body, ...rest } = options;
  const request = httpRequest({ ...rest, createConnection: () => socket });
  request.end(body);
  const [response] = await once(request, "response");
  return await answerOf(response);
}

/** A plain request to the proxy itself. */
export async function askProxy(
  { socketPath }: EgressProxy,
  url: string,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const request = httpRequest({ socketPath, path: url, headers: { host: new URL(url).host, ...headers } });
  request.end();
  const [response] = await once(request, "response");
  return await answerOf(response);
}

async function answerOf(response: IncomingMessage): Promise<Answer> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) if (Buffer.isBuffer(chunk)) chunks.push(chunk);
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    text: Buffer.concat(chunks).toString(),
  };
}

function portOf(address: AddressInfo | string | null): number {
  if (typeof address === "object" && address !== null) return address.port;
  throw new TypeError("The server does not listen on a port.");
}
