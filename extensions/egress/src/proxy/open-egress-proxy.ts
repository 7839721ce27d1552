import { once } from "node:events";
import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";

import { createAddressPolicy } from "../address-policy.ts";
import type { AuditSink, EgressCaller } from "../audit.ts";
import { noAudit } from "../audit.ts";
import { createCheckedAgent } from "../checked-agent.ts";
import { egressError } from "../egress-error.ts";
import { createHostList } from "../host-list.ts";
import type { HostList } from "../host-list.ts";
import { lookupSystem } from "../resolve-checked.ts";
import type { Lookup } from "../resolve-checked.ts";
import { parseTarget } from "../target.ts";
import { answerConnect, connectTunnel } from "./connect-tunnel.ts";
import { createCredentials } from "./credentials.ts";
import type { Credentials, EgressCredential, SecretSource } from "./credentials.ts";
import { forwardHttp } from "./forward-http.ts";
import type { Destination } from "./forward-http.ts";
import type { ProxyContext } from "./proxy-context.ts";
import { createSessionAuthority } from "./session-authority.ts";

/** Options of {@link openEgressProxy}. */
export interface EgressProxyOptions {
  /** Where it listens: the path of a unix socket that does not exist yet. */
  readonly socketPath: string;
  /** Who makes requests at the moment. */
  readonly caller: () => EgressCaller;
  /** As in `EnvironmentProfile.network`. */
  readonly hosts: readonly string[];
  /** Addresses and ranges that may be dialled although they are not public. Default none. */
  readonly addresses?: readonly string[];
  readonly credentials?: readonly EgressCredential[];
  /** Needed where there are credentials. */
  readonly secrets?: SecretSource;
  readonly audit?: AuditSink;
  readonly lookup?: Lookup;
  /** Certificate authorities in PEM that servers are checked with, instead of the usual ones. */
  readonly ca?: readonly string[];
  /** Hears, in a sentence, why something was refused or failed. */
  readonly onRefusal?: (reason: string) => void;
}

/** A proxy that listens. Disposing of it ends its connections. */
export interface EgressProxy extends AsyncDisposable {
  readonly socketPath: string;
  readonly hosts: HostList;
  /** Variables that hold placeholders. */
  readonly variables: Credentials["variables"];
  /** What clients must trust to reach the hosts with credentials, in PEM; undefined where there are none. */
  readonly certificate: string | undefined;
}

/**
 * Opens an HTTP proxy (CONNECT and plain requests) on a unix socket, which reaches only what it may, puts credentials into
 * requests to their hosts, and writes a row for each request or tunnel.
 *
 * @throws TauError `egress.invalid_rule`
 */
export async function openEgressProxy(options: EgressProxyOptions): Promise<EgressProxy> {
  const closing = new AbortController();
  const context = toContext(options, closing.signal);
  const running = new Set<Promise<void>>();
  const track = (work: Promise<void>): void => {
    running.add(work);
    work.then(
      () => running.delete(work),
      () => running.delete(work),
    );
  };
  const destinations = new WeakMap<Duplex, Destination>();
  const inner = serve((request, response) => {
    const destination = destinations.get(request.socket);
    if (destination === undefined) response.destroy();
    else track(forwardHttp(context, destination, request, response));
  });
  const outer = serve((request, response) => {
    track(forwardHttp(context, destinationOf(request), request, response));
  });
  const open = new Set<Duplex>();
  outer.on("connection", (socket) => {
    open.add(socket);
    socket.once("close", () => open.delete(socket));
  });
  outer.on("connect", (request: IncomingMessage, client: Duplex, head: Buffer) => {
    const target = parseTarget(request.url ?? "", 443);
    if (head.length > 0) client.unshift(head);
    if (target === undefined) {
      answerConnect(client, {
        decision: "denied",
        status: 400,
        reason: "The proxy was asked for no host and port.",
      });
      return;
    }
    const serveHttp = (socket: Duplex, destination: Destination): void => {
      destinations.set(socket, destination);
      inner.emit("connection", socket);
    };
    track(connectTunnel(context, target, client, serveHttp));
  });
  outer.listen(options.socketPath);
  await once(outer, "listening");

  return {
    socketPath: options.socketPath,
    hosts: context.rules.hosts,
    variables: context.credentials.variables,
    certificate: context.credentials.hosts.length === 0 ? undefined : context.authority.certificate,
    async [Symbol.asyncDispose]() {
      closing.abort(egressError("egress.failed", "The proxy is closed."));
      const closed = once(outer, "close");
      outer.close();
      for (const socket of open) socket.destroy();
      await context.agent[Symbol.asyncDispose]();
      await Promise.allSettled(running);
      await closed;
    },
  };
}

function toContext(options: EgressProxyOptions, signal: AbortSignal): ProxyContext {
  const { ca, caller, audit = noAudit, lookup = lookupSystem, secrets, credentials: list = [] } = options;
  const hosts = createHostList(options.hosts);
  const rules = { hosts, addresses: createAddressPolicy(options.addresses), lookup };
  const credentials = createCredentials(list);
  if (list.length > 0 && secrets === undefined) throw new TypeError("Credentials need a source of secrets.");
  return {
    rules,
    agent: createCheckedAgent({ rules, ...(ca === undefined ? {} : { ca }) }),
    credentials,
    secrets: secrets ?? { read: async () => "" },
    authority: createSessionAuthority(credentials.hosts),
    audit,
    caller,
    onRefusal: options.onRefusal ?? (() => undefined),
    now: Date.now,
    signal,
  };
}

/** Where a request to the proxy itself goes: its URL is absolute. */
function destinationOf({ url = "", headers }: IncomingMessage): Destination {
  const parsed = URL.parse(url);
  const target = parsed?.protocol === "http:" ? parseTarget(parsed.host, 80) : undefined;
  // What names nothing is refused as a request for a host that is not there.
  return {
    ...(target ?? parseTarget(headers.host ?? "", 80) ?? { host: "unknown.invalid", port: 80 }),
    secure: false,
  };
}

function serve(answer: (request: IncomingMessage, response: ServerResponse) => void): Server {
  const server = createServer(
    { requestTimeout: 0, headersTimeout: 60_000, keepAliveTimeout: 60_000, maxHeaderSize: 65_536 },
    answer,
  );
  server.on("clientError", (_, socket) => socket.destroy());
  return server;
}
