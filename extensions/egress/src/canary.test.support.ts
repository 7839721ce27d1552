import { once } from "node:events";
import { createServer } from "node:http";
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

import { onTestFinished } from "vitest";

/** A server on loopback that must not be reached, or one that stands for a public host. */
export interface LoopbackServer {
  readonly port: number;
  /** Connections so far: a connection is enough to have been reached. */
  readonly visits: () => number;
  readonly requests: readonly IncomingMessage[];
}

/** Starts a server that ends with the test. */
export async function startServer(
  answer: RequestListener = (_, response) => response.end("reached"),
  { host = "127.0.0.1", port = 0 }: { readonly host?: string; readonly port?: number } = {},
): Promise<LoopbackServer> {
  let visits = 0;
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    answer(request, response);
  });
  server.on("connection", () => visits++);
  server.listen(port, host);
  await once(server, "listening");
  onTestFinished(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  });
  return { port: portOf(server.address()), visits: () => visits, requests };
}

/** Redirects to where the query says: `/?to=…`. */
export function redirectAsAsked(request: IncomingMessage, response: ServerResponse): void {
  const to = new URL(request.url ?? "/", "http://outside.example").searchParams.get("to") ?? "";
  // What a header cannot hold, a server would have to write by hand: latin-1 it is.
  const location = Buffer.from(to.replaceAll(/[\r\n\0]/gu, ""), "utf8").toString("latin1");
  response.writeHead(302, { location }).end();
}

function portOf(address: AddressInfo | string | null): number {
  if (typeof address === "object" && address !== null) return address.port;
  throw new TypeError("The server does not listen on a port.");
}
