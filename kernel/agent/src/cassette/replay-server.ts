import { once } from "node:events";
import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

import { isTauError } from "@tau/core";

import { toChunk } from "./entry.ts";
import type { HttpEntry } from "./entry.ts";
import { openHttpTape } from "./http-tape.ts";
import { createRedactor } from "../redaction/redactor.ts";
import type { ReplayOptions } from "./replay-transport.ts";
import { toQuestion } from "./request-key.ts";
import type { Tape } from "./tape.ts";

/** Headers of one connection, which are not those of the next one. */
const hopHeaders = new Set([
  "connection",
  "content-encoding",
  "content-length",
  "keep-alive",
  "transfer-encoding",
]);

/** A cassette that answers over HTTP. */
export interface ReplayServer extends AsyncDisposable {
  /** `http://127.0.0.1:<port>`; add the path of the base URL that was recorded. */
  readonly url: string;
}

/**
 * Plays a cassette over HTTP on 127.0.0.1, for programs that take a base URL and no transport.
 *
 * Each chunk is written by itself; the network may still join them. A request without an answer gets status
 * 400 and the difference as its message.
 *
 * @throws TauError `cassette.invalid`
 */
export async function startReplayServer({ path, secrets = [] }: ReplayOptions): Promise<ReplayServer> {
  const tape = await openHttpTape(path);
  const redactor = createRedactor(secrets);
  const server = createServer((request, response) => {
    answer(tape, request, { response, redact: redactor.redact }).catch(() => response.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { url: `http://127.0.0.1:${portOf(server)}`, [Symbol.asyncDispose]: () => stop(server) };
}

async function answer(
  tape: Tape<HttpEntry>,
  request: IncomingMessage,
  { response, redact }: { readonly response: ServerResponse; readonly redact: (text: string) => string },
): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) if (Buffer.isBuffer(chunk)) chunks.push(chunk);
  const url = new URL(request.url ?? "/", "http://127.0.0.1");
  const contentType = request.headers["content-type"] ?? "";
  let entry: HttpEntry;
  try {
    entry = tape.take(toQuestion({ url, contentType, body: Buffer.concat(chunks) }, redact));
  } catch (error) {
    if (!isTauError(error)) throw error;
    response.writeHead(400, { "content-type": "application/json" });
    response.end(JSON.stringify({ error: { type: "invalid_request_error", message: error.message } }));
    return;
  }
  if (entry.response !== undefined) await send(entry.response, response);
  if (entry.end === "complete") response.end();
  else if (!isSilence(entry)) response.destroy();
}

async function send(recorded: NonNullable<HttpEntry["response"]>, response: ServerResponse): Promise<void> {
  response.socket?.setNoDelay(true);
  for (const [name, value] of Object.entries(recorded.headers)) {
    if (!hopHeaders.has(name)) response.setHeader(name, typeof value === "string" ? value : [...value]);
  }
  response.writeHead(recorded.status);
  response.flushHeaders();
  for (const chunk of recorded.reads.flat().map(toChunk)) {
    await new Promise<void>((resolve) => {
      response.write(chunk, () => resolve());
    });
  }
}

/** Who waited in vain waits in vain again; anything else broke the connection. */
function isSilence({ end }: HttpEntry): boolean {
  return end === "aborted" || (typeof end === "object" && /TIMEOUT/.test(end.failed.code ?? ""));
}

function portOf(server: Server): number {
  const address: AddressInfo | string | null = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

async function stop(server: Server): Promise<void> {
  const closed = once(server, "close");
  server.close();
  server.closeAllConnections();
  await closed;
}
