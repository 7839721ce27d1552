import type { IncomingMessage, ServerResponse } from "node:http";
import type { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createBrotliDecompress, createGunzip, createInflate } from "node:zlib";

import { parseTarget } from "../target.ts";
import type { Target } from "../target.ts";
import { counting } from "./counting.ts";
import { foreignPlaceholder } from "./credentials.ts";
import { hideInText, hideSecrets } from "./hide-secrets.ts";
import type { OpenRow, ProxyContext } from "./proxy-context.ts";
import { openRow } from "./proxy-context.ts";
import type { Disguise, Header } from "./put-credentials.ts";
import { plainBasic, putCredentials } from "./put-credentials.ts";
import { denied, refusalOf, refusalText } from "./refusal.ts";
import type { Refusal } from "./refusal.ts";

/** Where the requests of a connection go. */
export interface Destination extends Target {
  readonly secure: boolean;
}

/** Headers that belong to a connection and not to what it carries (RFC 9110 section 7.6.1). */
const hopHeaders: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "expect",
]);

/** What would let a client get at a secret by pieces. */
const revealing = ["accept-encoding", "range", "if-range"];

/** Sends a request on and its answer back, with credentials put in and taken out; a row is written in any case. */
export async function forwardHttp(
  context: ProxyContext,
  destination: Destination,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const row = openRow(context, { host: destination.host, port: destination.port }, request.method ?? "GET");
  const gone = new AbortController();
  response.once("close", () => {
    if (!response.writableFinished) gone.abort();
  });
  const signal = AbortSignal.any([context.signal, gone.signal]);
  try {
    const path = pathOf(request, destination);
    row.path = path.split(/[?#]/u, 1)[0] ?? "/";
    const headers = requestHeaders(request, destination);
    assertOwnPlaceholders(context, destination, { path, headers });
    await exchange(context, { request, response, destination, path, headers, row, signal });
    row.close();
  } catch (error) {
    gone.abort(); // what the host may still be sending
    const refusal = error instanceof Refused ? error.refusal : refusalOf(error, destination);
    row.close({ decision: refusal.decision, reason: refusal.reason });
    answerRefusal(response, refusal);
  }
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly destination: Destination;
  readonly path: string;
  readonly headers: readonly Header[];
  readonly row: OpenRow;
  readonly signal: AbortSignal;
}

async function exchange(context: ProxyContext, each: Exchange): Promise<void> {
  const { request, response, destination, row, signal } = each;
  const held = context.credentials.of(destination, destination.secure);
  const put = await putCredentials(each.headers, held, context.secrets, signal);
  if (put.used.length > 0) row.credentials = put.used;
  const hides = put.disguises.length > 0;
  // What is compressed, or cut into ranges, hides what it repeats.
  const headers = hides ? [...without(put.headers, revealing), ["accept-encoding", "identity"]] : put.headers;
  const answer = await context.agent.agent.request({
    origin: originOf(destination),
    path: each.path,
    method: request.method ?? "GET",
    headers: headers.flat(),
    body: hasBody(request) ? request.pipe(counting((bytes) => (row.bytesSent += bytes))) : null,
    responseHeaders: "raw",
    headersTimeout: 0,
    bodyTimeout: 0,
    signal,
  });
  answer.body.on("error", () => undefined); // the pipeline tells; before it begins, nobody else listens
  row.status = answer.statusCode;
  const address = context.agent.addressOf(destination);
  if (address !== undefined) row.address = address;
  const received = toHeaders(answer.headers).filter(([name]) => !hopHeaders.has(name.toLowerCase()));
  const encoding = received.find(([name]) => name.toLowerCase() === "content-encoding")?.[1].toLowerCase();
  const decoded = hides && hasContent(request, answer.statusCode) ? decoders(encoding) : [];
  response.writeHead(answer.statusCode, shownHeaders(received, put.disguises).flat());
  const counted = counting((bytes) => (row.bytesReceived += bytes));
  await pipeline([
    answer.body,
    counted,
    ...decoded,
    ...(hides ? [hideSecrets(put.disguises)] : []),
    response,
  ]);
}

/** The path of a request, which must be for the connection's own host however it is written. */
function pathOf(request: IncomingMessage, destination: Destination): string {
  const { url = "/", headers, method } = request;
  const named = headers.host === undefined ? undefined : parseTarget(headers.host, destination.port);
  if (named === undefined || named.host !== destination.host || named.port !== destination.port) {
    throw new Refused(denied(`the request is for another host than the connection to ${destination.host}`));
  }
  if (url.startsWith("/") || (url === "*" && method === "OPTIONS")) return url;
  const parsed = URL.parse(url);
  const target =
    parsed === null ? undefined : parseTarget(parsed.host, parsed.protocol === "https:" ? 443 : 80);
  if (parsed === null || target?.host !== destination.host || target.port !== destination.port) {
    throw new Refused(denied(`the request is for another host than the connection to ${destination.host}`));
  }
  return `${parsed.pathname}${parsed.search}`;
}

function requestHeaders(request: IncomingMessage, destination: Destination): readonly Header[] {
  const listed = (request.headers.connection ?? "")
    .toLowerCase()
    .split(",")
    .map((one) => one.trim());
  const kept = toHeaders(request.rawHeaders.map((each) => Buffer.from(each, "latin1"))).filter(([name]) => {
    const lower = name.toLowerCase();
    return !hopHeaders.has(lower) && !listed.includes(lower) && lower !== "host";
  });
  return [["host", new URL(originOf(destination)).host], ...kept];
}

/** A placeholder is worth nothing elsewhere, but whoever sends it there is mistaken or tries something. */
function assertOwnPlaceholders(
  { credentials }: ProxyContext,
  destination: Destination,
  { path, headers }: { readonly path: string; readonly headers: readonly Header[] },
): void {
  const own = credentials.of(destination, destination.secure).map(({ name }) => name);
  const text = [path, ...headers.flatMap(([, value]) => [value, plainBasic(value) ?? ""])].join("\n");
  const foreign = credentials.namedIn(text).filter((name) => !own.includes(name));
  if (foreign.length > 0) throw new Refused(denied(foreignPlaceholder(foreign, destination)));
}

function shownHeaders(headers: readonly Header[], disguises: readonly Disguise[]): readonly Header[] {
  if (disguises.length === 0) return headers;
  // Its length changes when a placeholder is longer than the secret, and its encoding is undone.
  return headers
    .filter(
      ([name]) =>
        !["content-length", "content-encoding", "content-md5", "digest"].includes(name.toLowerCase()),
    )
    .map(([name, value]) => [name, hideInText(value, disguises)]);
}

function decoders(encoding: string | undefined): readonly Transform[] {
  switch (encoding) {
    case undefined:
    case "":
    case "identity":
      return [];
    case "gzip":
    case "x-gzip":
      return [createGunzip()];
    case "deflate":
      return [createInflate()];
    case "br":
      return [createBrotliDecompress()];
    default:
      throw new Refused({
        decision: "failed",
        status: 502,
        reason: "The host's answer is encoded in a way that cannot be checked for the credential.",
      });
  }
}

function answerRefusal(response: ServerResponse, refusal: Refusal): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  response.writeHead(refusal.status, { "content-type": "text/plain; charset=utf-8", connection: "close" });
  response.end(refusalText(refusal));
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers["content-length"] !== undefined || headers["transfer-encoding"] !== undefined;
}

function hasContent({ method }: IncomingMessage, status: number): boolean {
  return method !== "HEAD" && status !== 204 && status !== 304;
}

function toHeaders(raw: unknown): readonly Header[] {
  if (!Array.isArray(raw)) throw new TypeError("The headers are not a list.");
  const texts = raw.map((each: unknown) => (Buffer.isBuffer(each) ? each.toString("latin1") : String(each)));
  return texts.flatMap((name, index): readonly Header[] =>
    index % 2 === 0 ? [[name, texts[index + 1] ?? ""]] : [],
  );
}

function without(headers: readonly Header[], names: readonly string[]): readonly Header[] {
  return headers.filter(([each]) => !names.includes(each.toLowerCase()));
}

function originOf({ host, port, secure }: Destination): string {
  const scheme = secure ? "https" : "http";
  return `${scheme}://${host.includes(":") ? `[${host}]` : host}:${port}`;
}

/** Carries a refusal out of where it was found. */
class Refused extends Error {
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    super(refusal.reason);
    this.refusal = refusal;
  }
}
