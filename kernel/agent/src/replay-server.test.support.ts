import { once } from "node:events";
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import { setImmediate as nextTurn } from "node:timers/promises";

/** A loopback server for tests. */
export interface LoopbackServer extends AsyncDisposable {
  readonly url: string;
}

/** Starts an HTTP server that gives every request to `handle`. */
export async function startLoopback(
  handle: (request: IncomingMessage, response: ServerResponse) => void | Promise<void>,
): Promise<LoopbackServer> {
  const server = createServer((request, response) => {
    Promise.resolve(handle(request, response)).catch(() => response.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    url: `http://127.0.0.1:${address.port}`,
    async [Symbol.asyncDispose]() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** Sends pieces one by one, each in a packet of its own as far as the system allows. */
export async function sendPieces(
  response: ServerResponse,
  pieces: readonly Buffer[],
  contentType = "text/event-stream; charset=utf-8",
): Promise<void> {
  response.socket?.setNoDelay(true);
  response.writeHead(200, { "content-type": contentType });
  for (const piece of pieces) {
    response.write(piece);
    await nextTurn();
  }
  response.end();
}
