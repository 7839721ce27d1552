import { once } from "node:events";
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import { setImmediate as nextTurn } from "node:timers/promises";

/** A server on loopback, for tests. Disposing it closes every connection. */
export interface LoopbackServer extends AsyncDisposable {
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  /** How many connections are open, idle ones too. */
  readonly openConnections: () => Promise<number>;
}

/** Starts an HTTP server that gives every request to `handle`, and breaks the connection where that throws. */
export async function startLoopback(
  handle: (request: IncomingMessage, response: ServerResponse) => void | Promise<void>,
): Promise<LoopbackServer> {
  const server = createServer((request, response) => {
    Promise.resolve(handle(request, response)).catch(() => response.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The server has no port.");
  return {
    url: `http://127.0.0.1:${address.port}`,
    openConnections: async () =>
      await new Promise((resolve, reject) => {
        server.getConnections((error, count) => (error === null ? resolve(count) : reject(error)));
      }),
    async [Symbol.asyncDispose]() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/**
 * Ends an answer with pieces sent one by one, each in a packet of its own as far as the system allows. Where `handle` wrote
 * no head, it is 200 and `contentType`.
 */
export async function sendPieces(
  response: ServerResponse,
  pieces: readonly Buffer[],
  contentType = "text/event-stream; charset=utf-8",
): Promise<void> {
  response.socket?.setNoDelay(true);
  if (!response.headersSent) response.writeHead(200, { "content-type": contentType });
  for (const piece of pieces) {
    response.write(piece);
    await nextTurn();
  }
  response.end();
}
