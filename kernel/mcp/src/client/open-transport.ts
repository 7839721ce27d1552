import { setTimeout } from "node:timers/promises";

import type { Transport } from "@modelcontextprotocol/client";
import { TauError } from "@tau/core";
import type { CallContext } from "@tau/core";

import type { HttpServer, McpServerConfig, StdioServer } from "../config/server-config.ts";
import { createAuthorization } from "../oauth/authorization.ts";
import type { Authorization, OAuthOptions } from "../oauth/authorization.ts";
import { guardedFetch } from "./mcp-fetch.ts";
import type { McpFetch } from "./mcp-fetch.ts";
import { loadSdk } from "./sdk.ts";
import type { ServerHost } from "./server-process.ts";
import { createStdioTransport } from "./stdio-transport.ts";

/** Where a server of one session runs; ends with the server. */
export interface OwnedServerHost extends ServerHost, AsyncDisposable {}

/** What servers are reached with: the program's choices. */
export interface McpReach {
  /** The network, as far as servers and authorization servers may use it. */
  readonly fetch?: McpFetch;
  /** Opens the jail of a server that runs here. */
  readonly openHost?: (
    server: { readonly name: string; readonly config: StdioServer },
    call: CallContext,
  ) => Promise<OwnedServerHost>;
  /** Looks up `env:NAME` or `file:PATH`. */
  readonly resolveSecret?: (reference: string) => Promise<string>;
  readonly oauth?: OAuthOptions;
}

/** Options of {@link openTransport}. */
export interface TransportOptions {
  readonly name: string;
  readonly config: McpServerConfig;
  readonly call: CallContext;
  readonly reach: McpReach;
  /** Aborts when nobody needs the server any more. */
  readonly life: AbortSignal;
}

/** A way to a server. */
export interface OpenTransport extends AsyncDisposable {
  readonly transport: Transport;
  readonly authorization?: Authorization;
  /** Tells the server that nobody comes back; called before the transport is closed. */
  endSession?(): Promise<void>;
  /** What it wrote to standard error, for logs. */
  lastWords?(): string;
}

/** Makes the way to a server; nothing runs and nobody is asked before the transport is started. */
export async function openTransport(options: TransportOptions): Promise<OpenTransport> {
  return options.config.transport === "stdio"
    ? await openStdio(options, options.config)
    : await openHttp(options, options.config);
}

async function openStdio(
  { name, call, reach }: TransportOptions,
  config: StdioServer,
): Promise<OpenTransport> {
  const { openHost } = reach;
  if (openHost === undefined) throw missing(name, "openHost, which says where it runs");
  const env = await resolveAll(name, config.env ?? {}, reach);
  const host = await openHost({ name, config }, call);
  try {
    const transport = await createStdioTransport({ host, argv: config.command, env });
    return {
      transport,
      lastWords: () => transport.lastWords(),
      async [Symbol.asyncDispose]() {
        await host[Symbol.asyncDispose]();
      },
    };
  } catch (error) {
    await host[Symbol.asyncDispose]();
    throw error;
  }
}

async function openHttp(options: TransportOptions, config: HttpServer): Promise<OpenTransport> {
  const { name, call, reach, life } = options;
  if (reach.fetch === undefined) throw missing(name, "fetch, which says what may be reached");
  const { StreamableHTTPClientTransport, SSEClientTransport } = await loadSdk();
  const { url } = config;
  const headers = await resolveAll(name, config.headers ?? {}, reach);
  const fetch = guardedFetch({
    fetch: reach.fetch,
    url,
    headers,
    ...(config.oauth?.issuer === undefined ? {} : { issuer: config.oauth.issuer }),
  });
  const hasToken = Object.keys(headers).some((header) => header.toLowerCase() === "authorization");
  const secret = config.oauth?.clientSecret;
  const authorization =
    reach.oauth === undefined || hasToken
      ? undefined
      : await createAuthorization({
          server: name,
          url,
          call,
          config: config.oauth ?? {},
          oauth: reach.oauth,
          fetch,
          signal: life,
          ...(secret === undefined ? {} : { clientSecret: await resolve(name, secret, reach) }),
        });
  const common = {
    fetch,
    ...(authorization === undefined ? {} : { authProvider: authorization.authProvider }),
  };
  const transport =
    config.transport === "sse"
      ? new SSEClientTransport(new URL(url), common)
      : new StreamableHTTPClientTransport(new URL(url), { ...common, onInsufficientScope: "throw" });
  return {
    transport,
    ...(authorization === undefined ? {} : { authorization }),
    async endSession() {
      // A server that does not keep sessions says so, and one that says nothing is not waited for.
      if ("terminateSession" in transport)
        await Promise.race([transport.terminateSession().catch(() => undefined), delay(maxGoodbyeMs)]);
    },
    async [Symbol.asyncDispose]() {
      // Whoever closes the transport has closed everything.
    },
  };
}

const maxGoodbyeMs = 1_000;

async function delay(ms: number): Promise<void> {
  await setTimeout(ms, undefined, { ref: false });
}

async function resolveAll(
  name: string,
  values: Readonly<Record<string, string>>,
  reach: McpReach,
): Promise<Readonly<Record<string, string>>> {
  const resolved: [string, string][] = [];
  for (const [key, value] of Object.entries(values)) resolved.push([key, await resolve(name, value, reach)]);
  return Object.fromEntries(resolved);
}

async function resolve(name: string, value: string, { resolveSecret }: McpReach): Promise<string> {
  if (!/^(?:env|file):/u.test(value)) return value;
  if (resolveSecret === undefined) throw missing(name, "resolveSecret, which looks up references");
  return await resolveSecret(value);
}

function missing(name: string, what: string): TauError {
  return new TauError(
    "mcp.invalid_config",
    `The MCP server "${name}" cannot be used: this program has no ${what}.`,
  );
}
