import { createServer as createHttp1Server } from "node:http";
import type { Server as Http1Server } from "node:http";
import { createServer as createHttp2Server } from "node:http2";
import type { Http2Server, ServerHttp2Session } from "node:http2";
import { createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";

import { TauError } from "@tau/core";

import type { NodeHandler } from "./node-adapter.ts";

/** Options of {@link listenOnOnePort}. */
export interface DualListenerOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly handler: NodeHandler;
  /** Further connections are closed at once. */
  readonly maxConnections: number;
  /** Further streams of one HTTP/2 connection wait in the client. */
  readonly maxStreamsPerConnection: number;
  /** A connection that has not said what it speaks by then is closed; so is one whose headers are not complete. */
  readonly headersTimeoutMs: number;
  /** An HTTP/2 connection without a call for so long is closed. */
  readonly idleTimeoutMs: number;
}

/** A port that is listened on. */
export interface DualListener {
  readonly port: number;
  /** Takes no more connections, and lets those that are open finish what they do. */
  stop(): void;
  /** Settles when no connection is left, or closes the rest when `signal` aborts. */
  closed(signal: AbortSignal): Promise<void>;
}

// "PRI * HTTP/2.0": no method of HTTP/1 begins with these three letters.
const http2Start = Buffer.from("PRI");

/**
 * Serves HTTP/1.1 and HTTP/2 without TLS on one port.
 *
 * The first bytes of a connection tell which it is: gRPC clients speak HTTP/2 at once (h2c with prior
 * knowledge), curl and browsers HTTP/1.1. TLS belongs to a proxy in front.
 */
export async function listenOnOnePort(options: DualListenerOptions): Promise<DualListener> {
  const { host, port, handler, maxConnections, maxStreamsPerConnection, headersTimeoutMs } = options;
  const sockets = new Set<Socket>();
  const sessions = new Set<ServerHttp2Session>();
  const http1 = createHttp1Server({ headersTimeout: headersTimeoutMs, requestTimeout: 60_000 }, handler);
  const http2 = createHttp2Server({ settings: { maxConcurrentStreams: maxStreamsPerConnection } }, handler);
  http2.on("session", (session) => {
    sessions.add(session);
    session.once("close", () => sessions.delete(session));
    endIdle(session, options);
  });
  // Starts Node's check for headers that never end: it waits for this event, and this server never listens itself.
  http1.emit("listening");

  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    socket.on("error", () => socket.destroy());
    sniff(socket, headersTimeoutMs, { http1, http2 });
  });
  server.maxConnections = maxConnections;
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause) => reject(listenFailed(options, cause)));
    server.listen(port, host, resolve);
  });

  return {
    port: portOf(server.address()),

    stop() {
      server.close();
      http1.close();
      http1.closeIdleConnections();
      for (const session of sessions) session.close();
    },

    async closed(signal) {
      const closeAll = (): void => {
        for (const session of sessions) session.destroy();
        for (const socket of sockets) socket.destroy();
      };
      if (signal.aborted) closeAll();
      signal.addEventListener("abort", closeAll, { once: true });
      await Promise.all([...sockets].map((socket) => whenClosed(socket)));
      signal.removeEventListener("abort", closeAll);
    },
  };
}

/**
 * Ends a connection on which nobody calls. HTTP/1 connections have Node's timeouts for that, those of HTTP/2 none: whoever holds
 * enough of them keeps all others out, without a token.
 */
function endIdle(
  session: ServerHttp2Session,
  { headersTimeoutMs, idleTimeoutMs }: Pick<DualListenerOptions, "headersTimeoutMs" | "idleTimeoutMs">,
): void {
  let calls = 0;
  let timer = setTimeout(() => session.destroy(), headersTimeoutMs);
  session.on("stream", (stream) => {
    calls += 1;
    clearTimeout(timer);
    stream.once("close", () => {
      calls -= 1;
      if (calls > 0 || session.closed || session.destroyed) return;
      timer = setTimeout(() => session.close(), idleTimeoutMs);
    });
  });
  session.once("close", () => clearTimeout(timer));
}

/** Reads the first bytes, puts them back, and hands the connection to the server that understands them. */
function sniff(
  socket: Socket,
  timeoutMs: number,
  { http1, http2 }: { readonly http1: Http1Server; readonly http2: Http2Server },
): void {
  let seen = Buffer.alloc(0);
  const onTimeout = (): void => {
    socket.destroy();
  };
  const onData = (chunk: Buffer): void => {
    seen = Buffer.concat([seen, chunk]);
    const start = seen.subarray(0, http2Start.length);
    const couldBeHttp2 = http2Start.subarray(0, start.length).equals(start);
    if (couldBeHttp2 && start.length < http2Start.length) return;
    socket.off("data", onData);
    socket.off("timeout", onTimeout);
    socket.setTimeout(0);
    socket.pause();
    socket.unshift(seen);
    (couldBeHttp2 ? http2 : http1).emit("connection", socket);
    if (!couldBeHttp2) socket.resume();
  };
  socket.setTimeout(timeoutMs, onTimeout);
  socket.on("data", onData);
}

async function whenClosed(socket: Socket): Promise<void> {
  if (socket.closed) return;
  await new Promise<void>((resolve) => {
    socket.once("close", () => resolve());
  });
}

function portOf(address: AddressInfo | string | null): number {
  return typeof address === "object" && address !== null ? address.port : 0;
}

function listenFailed({ host, port }: DualListenerOptions, cause: unknown): TauError {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "unknown";
  return new TauError(
    "server.listen_failed",
    `host ${JSON.stringify(host)}, port ${port} cannot be listened on (${code}); choose another port with port, or another address of this machine with host.`,
    { cause },
  );
}
