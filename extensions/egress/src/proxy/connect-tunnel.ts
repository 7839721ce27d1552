import { once } from "node:events";
import { isIP } from "node:net";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { pipeline } from "node:stream/promises";
import { TLSSocket } from "node:tls";

import { dialChecked } from "../dial-checked.ts";
import { assertListed, resolveChecked } from "../resolve-checked.ts";
import { describeTarget, printable } from "../target.ts";
import type { Target } from "../target.ts";
import { readFirstBytes } from "./client-hello.ts";
import type { FirstBytes } from "./client-hello.ts";
import { counting } from "./counting.ts";
import type { Destination } from "./forward-http.ts";
import type { OpenRow, ProxyContext } from "./proxy-context.ts";
import { openRow } from "./proxy-context.ts";
import { denied, refusalOf, refusalText } from "./refusal.ts";
import type { Refusal } from "./refusal.ts";

const helloTimeoutMs = 30_000;
const maxFirstBytes = 32_768;

/** Takes over a connection whose requests can be read. */
export type ServeHttp = (socket: Duplex, destination: Destination) => void;

/**
 * Serves a CONNECT: connects the client to a listed target, byte by byte, or serves its requests when they can be read.
 *
 * - Encrypted connections are tunnelled untouched once the name that they ask for is the target's; those to a host with a
 *   credential end here, so that it can be put in.
 * - Plain HTTP is served request by request.
 * - Anything else is let through to ports that were listed by number, where the person knows what speaks.
 */
export async function connectTunnel(
  context: ProxyContext,
  target: Target,
  client: Duplex,
  serveHttp: ServeHttp,
): Promise<void> {
  const row = openRow(context, target, "CONNECT");
  client.on("error", () => client.destroy());
  let established = false;
  try {
    assertListed(target, context.rules);
    await resolveChecked(target, context.rules, context.signal);
    client.write("HTTP/1.1 200 Connection established\r\n\r\n");
    established = true;
    const web = target.port === 80 || target.port === 443;
    if (web || context.credentials.hosts.includes(target.host))
      await serveByFirstBytes(context, { target, client, row, serveHttp });
    else await tunnelWhoeverSpeaksFirst(context, { target, client, row, serveHttp });
  } catch (error) {
    const refusal = refusalOf(error, target);
    row.close({ decision: refusal.decision, reason: refusal.reason });
    if (established) client.destroy();
    else answerConnect(client, refusal);
  }
}

interface Tunnel {
  readonly target: Target;
  readonly client: Duplex;
  readonly row: OpenRow;
  readonly serveHttp: ServeHttp;
}

async function serveByFirstBytes(context: ProxyContext, tunnel: Tunnel): Promise<void> {
  const first = await firstBytes(tunnel.client, context.signal);
  if (first === undefined) tunnel.row.close(); // it asked for nothing
  else await serve(context, tunnel, first);
}

async function serve(context: ProxyContext, tunnel: Tunnel, first: First): Promise<void> {
  const { target, client, row, serveHttp } = tunnel;
  const wrong = first.kind === "http" ? undefined : wrongName(first, target);
  if (wrong !== undefined) {
    row.close({ decision: "denied", reason: denied(wrong).reason });
    client.destroy();
  } else if (first.kind === "http") {
    serveHttp(client, { ...target, secure: false }); // which writes a row for each request
  } else if (first.kind === "hello" && context.credentials.of(target, true).length > 0) {
    await endEncryption(context, tunnel);
  } else {
    await carry(context, tunnel);
  }
}

/** Why a connection's first words do not fit its target. */
function wrongName(first: FirstBytes, target: Target): string | undefined {
  const to = describeTarget(target);
  if (first.kind === "malformed") return `a connection to ${to} has a TLS greeting that cannot be read`;
  if (first.kind !== "hello") return `a connection to ${to} speaks neither HTTP nor TLS`;
  const said = first.serverName?.replace(/\.$/u, "");
  if (said === (isIP(target.host) === 0 ? target.host : undefined)) return undefined;
  return `a connection to ${to} asks for ${said === undefined ? "no name" : printable(said)} in its TLS greeting`;
}

/** Shows the session's certificate to the client, and serves the requests that it then sends. */
async function endEncryption(
  { authority, signal }: ProxyContext,
  { target, client, row, serveHttp }: Tunnel,
): Promise<void> {
  const secure = new TLSSocket(client, {
    isServer: true,
    secureContext: authority.contextFor(target.host),
    ALPNProtocols: ["http/1.1"],
  });
  secure.on("error", () => secure.destroy());
  try {
    await once(secure, "secure", { signal: AbortSignal.any([signal, AbortSignal.timeout(helloTimeoutMs)]) });
  } catch {
    secure.destroy();
    const reason = `A program did not accept the session's certificate for ${describeTarget(target)}; it trusts authorities of its own only.`;
    row.close({ decision: "failed", reason });
    return;
  }
  serveHttp(secure, { ...target, secure: true });
}

/** Connects the two ends, byte by byte, until both have ended. */
async function carry(
  context: ProxyContext,
  { target, client, row }: Tunnel,
  dialled?: Socket,
): Promise<void> {
  const connection = dialled ?? (await dial(context, target, row));
  const { signal } = context;
  const [up, down] = await Promise.allSettled([
    pipeline(
      client,
      counting((bytes) => (row.bytesSent += bytes)),
      connection,
      { signal },
    ),
    pipeline(
      connection,
      counting((bytes) => (row.bytesReceived += bytes)),
      client,
      { signal },
    ),
  ]);
  client.destroy();
  connection.destroy();
  const broken = up.status === "rejected" && down.status === "rejected";
  row.close(
    broken ? { decision: "failed", reason: `The connection to ${describeTarget(target)} broke.` } : undefined,
  );
}

/** Where a server may greet first, as SSH and SMTP do, nothing can be asked of the client before. */
async function tunnelWhoeverSpeaksFirst(context: ProxyContext, tunnel: Tunnel): Promise<void> {
  const { target, client, row } = tunnel;
  const connection = await dial(context, target, row);
  const over = new AbortController();
  const signal = AbortSignal.any([context.signal, over.signal]);
  const fromClient = firstBytes(client, signal);
  const first = await Promise.race([
    fromClient,
    once(connection, "readable", { signal }).then(
      () => "server" as const,
      () => undefined,
    ),
  ]);
  over.abort();
  await fromClient; // which puts back what it looked at
  if (first !== "server" && first !== undefined && (first.kind === "http" || first.kind === "hello")) {
    connection.destroy(); // what can be read is served by reading it
    await serve(context, tunnel, first);
  } else {
    await carry(context, tunnel, connection);
  }
}

async function dial(context: ProxyContext, target: Target, row: OpenRow): Promise<Socket> {
  const { socket, address } = await dialChecked(target, context.rules, context.signal);
  row.address = address;
  socket.on("error", () => socket.destroy());
  return socket;
}

type First = FirstBytes | { readonly kind: "http" };

/** Looks at what a client says first and puts it back; undefined when it ends without a word. */
async function firstBytes(client: Duplex, signal: AbortSignal): Promise<First | undefined> {
  const timely = AbortSignal.any([signal, AbortSignal.timeout(helloTimeoutMs)]);
  let seen = Buffer.alloc(0);
  for (;;) {
    const chunk: unknown = client.read();
    if (chunk === null) {
      if (client.readableEnded || client.destroyed) return undefined;
      try {
        await once(client, "readable", { signal: timely });
      } catch {
        if (seen.length > 0) client.unshift(seen);
        return undefined;
      }
      if (client.readableLength === 0 && !client.readable) return undefined;
      continue;
    }
    if (!Buffer.isBuffer(chunk)) return undefined;
    seen = Buffer.concat([seen, chunk]);
    const first = /^[A-Z]{1,20} /u.test(seen.toString("latin1", 0, 24))
      ? ({ kind: "http" } as const)
      : readFirstBytes(seen);
    if (first.kind === "incomplete" && seen.length < maxFirstBytes) continue;
    client.unshift(seen);
    return first;
  }
}

/** Answers a CONNECT that is not carried out. */
export function answerConnect(client: Duplex, refusal: Refusal): void {
  if (client.writableEnded || client.destroyed) return;
  const text = refusalText(refusal);
  client.end(
    `HTTP/1.1 ${refusal.status} Refused\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: ${Buffer.byteLength(text)}\r\nconnection: close\r\n\r\n${text}`,
  );
}
