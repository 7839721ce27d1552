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
  /** Never changed once it was used. */
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
  const pools = new Map<string, Map<number, Pool>>();
  let loading: Promise<Parts> | undefined;
  let loaded: Parts | undefined;
  /** An answer ended in this turn of the event loop. */
  let isResting = false;

  const open = ({ Pool: PoolClass }: Parts, origin: string, connectMs: number): Pool => {
    const pool = new PoolClass(origin, {
      allowH2: false, // One socket per stream: an abort closes it, and no stream waits behind another.
      connect: { timeout: connectMs, ...(options.ca === undefined ? {} : { ca: options.ca }) },
      keepAliveTimeout: options.keepAliveMs ?? 30_000,
    });
    const ofOrigin = pools.get(origin) ?? new Map<number, Pool>();
    pools.set(origin, ofOrigin.set(connectMs, pool));
    return pool;
  };

  /** Once a turn, however many answers end in it. */
  const rest = (): void => {
    if (isResting) return;
    isResting = true;
    setImmediate(() => {
      isResting = false;
    });
  };

  const send = (parts: Parts, request: HttpRequest, signal: AbortSignal): Promise<HttpResponse> => {
    const { origin, path } = targetOf(request.url);
    const { connectMs = 10_000 } = request.limits;
    const pool = pools.get(origin)?.get(connectMs) ?? open(parts, origin, connectMs);
    const response = new parts.UndiciResponse(request.maxResponseBytes, signal, rest);
    const started = response.started();
    const dispatch = toDispatch(request, path);
    // undici takes a connection back one turn after its response; asking earlier opens another one.
    if (isResting) setImmediate(() => response.send(pool, dispatch));
    else response.send(pool, dispatch);
    return started;
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
      const closing = [...pools.values()].flatMap((ofOrigin) => [...ofOrigin.values()]);
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

/** Where a URL leads. Taken apart once: every call of a model has the same one, and a URL's getters are slow. */
interface Target {
  readonly origin: string;
  readonly path: string;
}

const targets = new WeakMap<URL, Target>();

function targetOf(url: URL): Target {
  const known = targets.get(url);
  if (known !== undefined) return known;
  const target = { origin: url.origin, path: `${url.pathname}${url.search}` };
  targets.set(url, target);
  return target;
}

function toDispatch({ headers, body, limits }: HttpRequest, path: string): Dispatcher.DispatchOptions {
  return {
    path,
    method: "POST",
    headers,
    body,
    headersTimeout: limits.headersMs ?? 300_000,
    bodyTimeout: limits.idleMs ?? 300_000,
  };
}
