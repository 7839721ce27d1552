import { once } from "node:events";
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import { setImmediate as nextTurn } from "node:timers/promises";

import type { Model, ModelRequest } from "@tau/agent";
import { createCallContext } from "@tau/core";
import type { ModelEvent, ModelFinished } from "@tau/core";

/** A loopback server for tests. */
export interface LoopbackServer extends AsyncDisposable {
  readonly url: string;
  readonly openConnections: () => Promise<number>;
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

/** Sends pieces one by one, each in a packet of its own as far as the system allows. */
export async function sendPieces(response: ServerResponse, pieces: readonly Buffer[]): Promise<void> {
  response.socket?.setNoDelay(true);
  for (const piece of pieces) {
    response.write(piece);
    await nextTurn();
  }
  response.end();
}

/** A small random number generator with a seed: tests must fail the same way twice. */
export function seededRandom(seed: number): (below: number) => number {
  let state = (seed + 1) * 0x9e3779b1;
  return (below) => {
    state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x297a2d39;
    state = Math.imul(state ^ (state >>> 12), 0x297a2d39);
    return ((state ^ (state >>> 15)) >>> 0) % below;
  };
}

/** Cuts bytes into pieces of random sizes, some of them a single byte. */
export function randomSplits(bytes: Buffer, random: (below: number) => number): readonly Buffer[] {
  const pieces: Buffer[] = [];
  for (let start = 0; start < bytes.length;) {
    const size = 1 + random([2, 40, 700, 9000][random(4)] ?? 1);
    pieces.push(bytes.subarray(start, start + size));
    start += size;
  }
  return pieces;
}

/** The smallest request. */
const hello: ModelRequest = {
  messages: [{ role: "user", parts: [{ type: "text", text: "Hello" }] }],
  tools: [],
};

/** Reads a stream to its end. */
export async function readAll(
  model: Model,
  request: ModelRequest = hello,
): Promise<{ readonly events: readonly ModelEvent[]; readonly finished: ModelFinished }> {
  const principal = { id: "tester", kind: "person", scopes: [] } as const;
  const events: ModelEvent[] = [];
  for await (const batch of model.stream(request, createCallContext({ tenant: "test", principal }))) {
    events.push(...batch);
  }
  const finished = events.at(-1);
  if (finished?.type !== "finished") throw new Error("The stream ended without a finished event.");
  return { events, finished };
}
