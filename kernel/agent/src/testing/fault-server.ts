import { once } from "node:events";
import { createServer } from "node:http";
import type { ServerResponse } from "node:http";

/** How one request fails. */
export interface Fault {
  /**
   * - `none`: the answer, whole.
   * - `status`: an error answer of this {@link Fault.status}.
   * - `reset`: the connection is reset (RST).
   * - `half_close`: the server ends its side of the connection (FIN) in the middle of the answer.
   * - `cut`: the answer ends properly as far as HTTP is concerned, and too early.
   * - `stall`: nothing more is sent for as long as the client waits.
   * - `drip`: the whole answer, one byte a packet.
   * - `garbage`: the answer goes on with bytes that are not the protocol, and ends.
   */
  readonly kind: "none" | "status" | "reset" | "half_close" | "cut" | "stall" | "drip" | "garbage";
  /** Bytes of the good answer that go out before it happens; absent: not even the head does. */
  readonly afterBytes?: number;
  readonly status?: number;
  readonly retryAfterSeconds?: number;
}

/** What a protocol looks like on the wire, for a server that fails in it. */
export interface FaultWire {
  readonly contentType: string;
  /** A good answer that says `Hello, world.` in several pieces, as it is framed. */
  readonly answer: Buffer;
  /** Bytes that a decoder in the middle of the answer must refuse. */
  readonly garbage: Buffer;
  /** An error answer in the protocol's words. */
  readonly error: (status: number) => {
    readonly body: string;
    readonly headers?: Readonly<Record<string, string>>;
  };
}

/** A loopback server that fails on purpose. */
export interface FaultServer extends AsyncDisposable {
  readonly url: string;
  /** Requests that came so far. */
  readonly requests: () => number;
}

/** Starts a server whose n-th request meets the n-th fault; those after the last one are answered. */
export async function startFaultServer(wire: FaultWire, faults: readonly Fault[]): Promise<FaultServer> {
  let requests = 0;
  const server = createServer((request, response) => {
    const fault = faults[requests++] ?? { kind: "none" };
    request.resume().once("end", () => {
      fail(response, wire, fault).catch(() => response.destroy());
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The server has no port.");
  return {
    url: `http://127.0.0.1:${address.port}`,
    requests: () => requests,
    async [Symbol.asyncDispose]() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function fail(response: ServerResponse, wire: FaultWire, fault: Fault): Promise<void> {
  if (fault.kind === "status") {
    sendError(response, wire, fault);
    return;
  }
  response.socket?.setNoDelay(true);
  const whole = fault.kind === "none" || fault.kind === "drip";
  const bytes = wire.answer.subarray(0, whole ? wire.answer.length : (fault.afterBytes ?? 0));
  if (whole || fault.afterBytes !== undefined) {
    response.writeHead(200, { "content-type": wire.contentType });
    const size = fault.kind === "drip" ? 1 : Math.max(1, bytes.length);
    for (let at = 0; at < bytes.length; at += size) await send(response, bytes.subarray(at, at + size));
  }
  switch (fault.kind) {
    case "stall":
      return;
    case "reset":
      response.socket?.resetAndDestroy();
      return;
    case "half_close":
      response.socket?.end();
      return;
    case "garbage":
      response.end(wire.garbage);
      return;
    default:
      response.end();
  }
}

/** Resolves when the bytes are with the system: what follows must not overtake them. */
async function send(response: ServerResponse, bytes: Buffer): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    response.write(bytes, (error) => (error instanceof Error ? reject(error) : resolve()));
  });
}

function sendError(response: ServerResponse, wire: FaultWire, fault: Fault): void {
  const { status = 500, retryAfterSeconds } = fault;
  const { body, headers } = wire.error(status);
  response.writeHead(status, {
    "content-type": "application/json",
    ...headers,
    ...(retryAfterSeconds === undefined ? {} : { "retry-after": String(retryAfterSeconds) }),
  });
  response.end(body);
}
