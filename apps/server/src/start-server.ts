import { createConnectRouter } from "@connectrpc/connect";
import { compressionGzip } from "@connectrpc/connect-node";
import { isTauError, silentObserver, TauError } from "@tau/core";
import type { CallContext, Observer, Principal } from "@tau/core";
import { RuntimeService } from "@tau/proto";
import type { Runtime } from "@tau/runtime";

import { createAdmit } from "./admission.ts";
import { createBearerAuthenticator, createLocalAuthenticator } from "./authenticator.ts";
import type { Authenticator } from "./authenticator.ts";
import { isLoopbackHost } from "./door.ts";
import { listenOnOnePort } from "./dual-listener.ts";
import { createEventFeed } from "./event-feed.ts";
import { createHealthHandler } from "./health.ts";
import { createNodeAdapter } from "./node-adapter.ts";
import { optional } from "./optional.ts";
import { createRuntimeService } from "./runtime-service.ts";
import { createDoor } from "./server-door.ts";
import type { ServedWork } from "./served-work.ts";
import { defaultServerLimits } from "./server-limits.ts";
import type { ServerLimits } from "./server-limits.ts";
import { createStreamGauge } from "./stream-gauge.ts";
import type { StreamStats } from "./stream-gauge.ts";
import { resolveTokenReference } from "./token-reference.ts";

/** Options of {@link startServer}. */
export interface ServerOptions {
  /** Becomes the server's: it is started before the first call and disposed of after the last. */
  readonly runtime: Runtime;
  /** What is offered beside it: folders, plans, readiness. Default: nothing, and requests for them are refused. */
  readonly work?: ServedWork;
  /** Default 127.0.0.1. Anything but loopback needs `token` or `authenticator`. */
  readonly host?: string;
  /** Default 7117; 0 takes a free one. */
  readonly port?: number;
  /** Where the bearer token is: `env:NAME` or `file:PATH`. On loopback there need not be one. */
  readonly token?: string;
  /** Whose data the callers with that token, or on this machine, work on. Default `local`. */
  readonly tenant?: string;
  /** In place of `token` and `tenant`: tells who calls. */
  readonly authenticator?: Authenticator;
  /** Host names that calls may use beside those of this machine, for example behind a proxy. */
  readonly allowedHosts?: readonly string[];
  /** Origins of web pages that may call, for example `https://console.example.org`. */
  readonly allowedOrigins?: readonly string[];
  readonly observer?: Observer;
  readonly limits?: Partial<ServerLimits>;
}

/** A server that takes calls. */
export interface RunningServer extends AsyncDisposable {
  /** For example `http://127.0.0.1:7117`. */
  readonly url: string;
  readonly port: number;
  readonly stats: StreamStats;
  /**
   * Takes no more calls, ends the streams with a cursor to resume from, waits at most `drainMs` for the rest,
   * and disposes of the runtime. Runs are not cancelled: the runtime's engine goes on with them when it is back.
   */
  close(): Promise<void>;
}

const defaultHost = "127.0.0.1";
const defaultPort = 7117;
// Node's timers run over beyond this and then fire at once.
const longestTimeoutMs = 2_147_483_647;

/**
 * Serves a runtime over gRPC, gRPC-Web and Connect on one port, and resolves when it is ready.
 *
 * @throws TauError `server.token_required`, `server.token_invalid`, `server.listen_failed`
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { runtime, host = defaultHost, port = defaultPort, observer = silentObserver } = options;
  const limits = { ...defaultServerLimits, ...options.limits };
  const authenticator = await authenticatorOf(options, host);
  const state = createServerState();
  const { maxStreams } = limits;
  const share = options.authenticator === undefined ? maxStreams : Math.ceil(maxStreams / 2);
  const gauge = createStreamGauge({ maxStreams, maxStreamsPerTenant: limits.maxStreamsPerTenant ?? share });
  const { onFailure, onBug } = observeFailures(observer);

  const admit = createAdmit({
    authenticator,
    closedBecause: () => state.closedBecause(),
    onlyLoopbackHosts: isLoopbackHost(host),
    allowedHosts: options.allowedHosts ?? [],
    allowedOrigins: options.allowedOrigins ?? [],
  });
  const router = createConnectRouter({
    readMaxBytes: limits.maxRequestBytes,
    maxTimeoutMs: longestTimeoutMs,
    acceptCompression: [compressionGzip],
    requestGate: createDoor(admit),
  });
  const service = {
    runtime,
    ...optional("work", options.work),
    limits,
    gauge,
    shutdown: state.shutdown.signal,
    onFailure,
  };
  router.service(RuntimeService, createRuntimeService(service));
  const health = createHealthHandler(() => state.closedBecause() === undefined);
  const feed = createEventFeed({ host: service, admit, fallback: health, onError: onBug });
  const handler = createNodeAdapter({ router, fallback: feed, onError: onBug });
  const listener = await listenOnOnePort({ ...limits, host, port, handler });
  const url = `http://${host.includes(":") ? `[${host}]` : host}:${listener.port}`;
  observer({ name: "server.listening", level: 9, attributes: { url } });

  const close = async (): Promise<void> => {
    state.shutDown();
    listener.stop();
    await listener.closed(AbortSignal.timeout(limits.drainMs));
    await runtime[Symbol.asyncDispose]();
    observer({ name: "server.closed", level: 9, attributes: { url } });
  };
  let closing: Promise<void> | undefined;
  const server: RunningServer = {
    url,
    port: listener.port,
    get stats() {
      return gauge.stats;
    },
    close: () => (closing ??= close()),
    [Symbol.asyncDispose]: () => server.close(),
  };

  try {
    await runtime.start();
  } catch (error) {
    await server.close();
    throw error;
  }
  state.open();
  observer({ name: "server.ready", level: 9, attributes: { url } });
  return server;
}

async function authenticatorOf(options: ServerOptions, host: string): Promise<Authenticator> {
  const { token, authenticator, tenant = "local" } = options;
  if (authenticator !== undefined) return authenticator;
  if (token !== undefined) {
    const principal: Principal = { id: "token", kind: "service", scopes: ["*"] };
    return createBearerAuthenticator([{ token: await resolveTokenReference(token), tenant, principal }]);
  }
  if (isLoopbackHost(host)) {
    return createLocalAuthenticator({ tenant, principal: { id: "local", kind: "person", scopes: ["*"] } });
  }
  throw new TauError(
    "server.token_required",
    `host ${JSON.stringify(host)} can be reached from other machines, so a token is required; set token to "env:NAME" or "file:PATH", or leave host at 127.0.0.1.`,
  );
}

interface ServerState {
  readonly shutdown: AbortController;
  open(): void;
  shutDown(): void;
  closedBecause(): TauError | undefined;
}

function createServerState(): ServerState {
  const shutdown = new AbortController();
  let isOpen = false;
  const goingAway = new TauError(
    "server.shutting_down",
    "The server is going away; call again later, and attach to streams from the cursor in the details.",
    { class: "retryable" },
  );
  const notReady = new TauError(
    "server.not_ready",
    "The server is still taking up interrupted runs; call again in a moment.",
    { class: "retryable", retryAfterMs: 1_000 },
  );
  return {
    shutdown,
    open() {
      isOpen = true;
    },
    shutDown: () => shutdown.abort(goingAway),
    closedBecause() {
      if (shutdown.signal.aborted) return goingAway;
      return isOpen ? undefined : notReady;
    },
  };
}

interface FailureObservers {
  readonly onFailure: (error: unknown, call: CallContext, method: string) => void;
  readonly onBug: (error: unknown, call: string) => void;
}

/** Bugs are errors for the log; expected failures only leave their code. */
function observeFailures(observer: Observer): FailureObservers {
  return {
    onFailure(error, { traceId, tenant, signal }, method) {
      if (signal.aborted) return;
      const isExpected = isTauError(error);
      observer({
        name: "server.call_failed",
        level: isExpected ? 9 : 17,
        traceId,
        tenant,
        attributes: { method, code: isExpected ? error.code : "internal" },
        error,
      });
    },
    onBug(error, call) {
      observer({ name: "server.bug", level: 17, attributes: { call }, error });
    },
  };
}
