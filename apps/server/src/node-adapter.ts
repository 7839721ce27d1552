import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from "node:http";
import { constants } from "node:http2";
import type { Http2ServerRequest, Http2ServerResponse } from "node:http2";

import { Code, ConnectError } from "@connectrpc/connect";
import type { ConnectRouter } from "@connectrpc/connect";
import type { UniversalServerResponse } from "@connectrpc/connect/protocol";
import { universalRequestFromNodeRequest } from "@connectrpc/connect-node";

import { hasOwnAddress } from "./own-address.ts";

/** A request of either HTTP version. */
export type NodeRequest = IncomingMessage | Http2ServerRequest;
/** Its response. */
export type NodeResponse = ServerResponse | Http2ServerResponse;
/** Answers requests of either HTTP version. */
export type NodeHandler = (request: NodeRequest, response: NodeResponse) => void;

/** Options of {@link createNodeAdapter}. */
export interface NodeAdapterOptions {
  readonly router: ConnectRouter;
  /** Answers what is no call. */
  readonly fallback: NodeHandler;
  /** Hears of bugs. Clients that went away are none. */
  readonly onError: (error: unknown, call: string) => void;
}

/**
 * Serves Connect's handlers on Node's HTTP servers.
 *
 * In place of connect-node's own adapter, for two reasons: it waits until a chunk has left the process before it
 * asks for the next one, so that a slow client holds one chunk and not a socket buffer full; and it tells an
 * observer of bugs, where the other writes to the console.
 */
export function createNodeAdapter({ router, fallback, onError }: NodeAdapterOptions): NodeHandler {
  const handlers = new Map(router.handlers.map((handler) => [handler.requestPath, handler]));

  return (request, response) => {
    if (!hasOwnAddress(request)) {
      refuseAddress(request, response);
      return;
    }
    const path = (request.url ?? "").split("?", 1)[0] ?? "";
    const handler = handlers.get(path);
    if (handler === undefined) {
      fallback(request, response);
      return;
    }
    const serve = async (): Promise<void> => {
      const universal = universalRequestFromNodeRequest(request, response, undefined, undefined);
      // Connect would destroy the request, and with it the connection, when it refuses to read on.
      const body = request.iterator({ destroyOnReturn: false });
      await send(await handler({ ...universal, body }), response);
      discardRest(request);
    };
    serve().catch((error: unknown) => {
      response.destroy();
      if (!isHungUp(error)) onError(error, path);
    });
  };
}

function refuseAddress(request: NodeRequest, response: NodeResponse): void {
  response.statusCode = 400;
  response.setHeader("content-type", "text/plain; charset=utf-8");
  response.end("The address of the request is none of the host that it names.\n");
  discardRest(request);
}

async function send(universal: UniversalServerResponse, response: NodeResponse): Promise<void> {
  const chunks = universal.body?.[Symbol.asyncIterator]();
  try {
    // Headers wait for the first chunk: until then a handler may still set some.
    let chunk = await chunks?.next();
    writeHead(response, universal);
    while (chunk !== undefined && chunk.done !== true) {
      await write(response, chunk.value);
      chunk = await chunks?.next();
    }
    if (universal.trailer !== undefined) response.addTrailers(toNodeHeaders(universal.trailer));
    response.end();
  } catch (error) {
    await chunks?.throw?.(error).catch(() => undefined);
    throw error;
  } finally {
    await chunks?.return?.().catch(() => undefined);
  }
}

const mostDiscardedBytes = 8 * 1024 * 1024;

/**
 * Reads past what a client still sends after it was answered, for example when it was refused for its size:
 * a client that is cut off in the middle of its request does not see the answer. But not past everything.
 */
export function discardRest(request: NodeRequest): void {
  if (request.complete) return;
  let left = mostDiscardedBytes;
  request.on("data", (chunk: Buffer) => {
    left -= chunk.length;
    if (left >= 0) return;
    if ("stream" in request) request.stream.close(constants.NGHTTP2_CANCEL);
    else request.socket.destroy();
  });
  request.resume();
}

/** Settles when the chunk has left the process; rejects when the client has gone away. */
export async function write(response: NodeResponse, chunk: Uint8Array): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const onClose = (): void => reject(new ConnectError("The client went away.", Code.Aborted));
  if (response.destroyed) onClose();
  response.once("close", onClose);
  try {
    writeTo(response, chunk, (error) => (error === null || error === undefined ? resolve() : reject(error)));
    await promise;
  } finally {
    response.off("close", onClose);
  }
}

// The two kinds of response declare these differently; called on the union they do not compile.
function writeHead(response: NodeResponse, { status, header }: UniversalServerResponse): void {
  if ("stream" in response) response.writeHead(status, toNodeHeaders(header));
  else response.writeHead(status, toNodeHeaders(header));
}

function writeTo(
  response: NodeResponse,
  chunk: Uint8Array,
  done: (error: Error | null | undefined) => void,
): void {
  if ("stream" in response) response.write(chunk, done);
  else response.write(chunk, done);
}

function toNodeHeaders(headers: Headers | undefined): OutgoingHttpHeaders {
  return Object.fromEntries(headers ?? []);
}

const hungUpCodes: ReadonlySet<unknown> = new Set([
  "ECONNRESET",
  "EPIPE",
  "ERR_HTTP2_INVALID_STREAM",
  "ERR_STREAM_DESTROYED",
  "ERR_STREAM_WRITE_AFTER_END",
]);

/** Tells whether an error only says that the client went away. */
export function isHungUp(error: unknown): boolean {
  if (error instanceof ConnectError && (error.code === Code.Aborted || error.code === Code.Canceled))
    return true;
  return error instanceof Error && "code" in error && hungUpCodes.has(error.code);
}
