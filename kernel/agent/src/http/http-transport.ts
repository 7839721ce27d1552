import type { Dispatcher, Pool } from "undici";

import type { HttpResponse } from "./http-response.ts";
import type { UndiciResponse } from "./undici-response.ts";

/** Limits of one call. All times in milliseconds, 0 means none. */
export interface HttpLimits {
  /** Until the connection stands. Default 10,000. */
  readonly connectMs?: number;
  /** From the request to the first byte of the answer's headers. Default 300,000. */
  readonly headersMs?: number;
  /** Between two chunks of the answer. Default 300,000. */
  readonly idleMs?: number;
}

/** One POST. */
export interface HttpRequest {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
  readonly limits: HttpLimits;
  /** Bytes of the whole answer; more of them fail the reading. */
  readonly maxResponseBytes: number;
}

/**
 * Sends requests over pooled HTTP/1.1 connections, `http` or `https`.
 *
 * - Redirects are answers like any other: nothing follows them.
 * - Aborting the signal closes the socket and rejects with `signal.reason`.
 * - Idle connections do not keep the process alive.
 */
export interface HttpTransport extends AsyncDisposable {
  /** Resolves when the headers are there; rejects with what undici or the socket said. */
  post(request: HttpRequest, signal: AbortSignal): Promise<HttpResponse>;
}

/** Options of {@link createHttpTransport}. */
export interface HttpTransportOptions {
  /** Certificates to trust instead of the built-in ones, in PEM. */
  readonly ca?: string;
  /** How long an unused connection is kept, in milliseconds. Default 30,000. */
  readonly keepAliveMs?: number;
}

interface Parts {
  readonly Pool: typeof Pool;
  readonly UndiciResponse: typeof UndiciResponse;
}

async function loadParts(): Promise<Parts> {
  const [pool, response] = await Promise.all([
    import("undici/lib/dispatcher/pool.js"),
    import("./undici-response.ts"),
  ]);
  return { Pool: pool.default, UndiciResponse: response.UndiciResponse };
}

/** Makes an {@link HttpTransport}; undici is loaded by the first call, because importing it costs 20 to 60 ms. */
export function createHttpTransport(options: HttpTransportOptions = {}): HttpTransport {
  const pools = new Map<string, Pool>();
  let loading: Promise<Parts> | undefined;
  let loaded: Parts | undefined;

  const send = (parts: Parts, request: HttpRequest, signal: AbortSignal): Promise<HttpResponse> => {
    const pool = poolFor(pools, parts.Pool, { ...options, request });
    const response = new parts.UndiciResponse(request.maxResponseBytes, signal);
    // undici takes a connection back one turn after its response; asking earlier opens another one.
    setImmediate(() => response.send((handler) => pool.dispatch(toDispatch(request), handler)));
    return response.started;
  };

  const loadAndSend = async (request: HttpRequest, signal: AbortSignal): Promise<HttpResponse> => {
    signal.throwIfAborted();
    loading ??= loadParts();
    loaded = await loading;
    signal.throwIfAborted();
    return await send(loaded, request, signal);
  };

  return {
    post: (request, signal) =>
      loaded === undefined || signal.aborted ? loadAndSend(request, signal) : send(loaded, request, signal),

    async [Symbol.asyncDispose]() {
      const closing = [...pools.values()];
      pools.clear();
      await Promise.all(closing.map((pool) => pool.destroy()));
    },
  };
}

let shared: HttpTransport | undefined;

/** The transport of every adapter that is not given one, so that all of them share their connections. */
export function sharedHttpTransport(): HttpTransport {
  shared ??= createHttpTransport();
  return shared;
}

function poolFor(
  pools: Map<string, Pool>,
  PoolClass: typeof Pool,
  options: HttpTransportOptions & { readonly request: HttpRequest },
): Pool {
  const { origin } = options.request.url;
  const connectMs = options.request.limits.connectMs ?? 10_000;
  const key = `${connectMs} ${origin}`;
  let pool = pools.get(key);
  if (pool === undefined) {
    pool = new PoolClass(origin, {
      allowH2: false, // One socket per stream: an abort closes it, and no stream waits behind another.
      connect: { timeout: connectMs, ...(options.ca === undefined ? {} : { ca: options.ca }) },
      keepAliveTimeout: options.keepAliveMs ?? 30_000,
    });
    pools.set(key, pool);
  }
  return pool;
}

function toDispatch({ url, headers, body, limits }: HttpRequest): Dispatcher.DispatchOptions {
  return {
    path: `${url.pathname}${url.search}`,
    method: "POST",
    headers,
    body,
    headersTimeout: limits.headersMs ?? 300_000,
    bodyTimeout: limits.idleMs ?? 300_000,
  };
}
