import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { Agent, request as httpsRequest } from "node:https";
import type { RequestOptions } from "node:https";

import type { JsonObject } from "@tau/core";
import { isJsonObject, parseJson, TauError } from "@tau/core";

import type { ExecChannel, ExecRequestOptions } from "./exec-channel.ts";
import { openExec } from "./exec-channel.ts";
import type { KubeConnection } from "./kube-connection.ts";
import type { AskedFor } from "./kube-error.ts";
import { unreachable } from "./kube-error.ts";
import { refusalOf } from "./refusal.ts";

/** One request to an API server. */
export interface KubeRequest {
  /** As in `/api/v1/namespaces/default/pods`; every part of it that is a name is escaped already. */
  readonly path: string;
  /** Default GET. */
  readonly method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly body?: JsonObject;
  /** Default `application/json`. */
  readonly contentType?: string;
  readonly accept?: string;
  /** For the message when it is refused. */
  readonly asked: AskedFor;
}

/** Asks one API server. Throws the `kubernetes.*` errors, and the signal's reason. */
export interface KubeClient {
  readonly connection: Pick<KubeConnection, "server" | "namespace">;
  /** The answer, an object. */
  json(request: KubeRequest, signal: AbortSignal): Promise<JsonObject>;
  /** The answer's text, `cut` when it is longer than `maxBytes`. */
  text(
    request: KubeRequest,
    maxBytes: number,
    signal: AbortSignal,
  ): Promise<{ readonly text: string; readonly cut: boolean }>;
  /** The events of a watch, until the server ends it. */
  watch(request: KubeRequest, signal: AbortSignal): AsyncIterable<JsonObject>;
  /** Runs a program in a container. */
  exec(options: ExecRequestOptions, signal: AbortSignal): Promise<ExecChannel>;
  /** Closes the connections that are kept for later requests. */
  close(): void;
}

const maxBodyBytes = 32 * 2 ** 20;
const idleMs = 60_000;

/** Makes a {@link KubeClient}. Nothing is sent before the first request; redirects are never followed. */
export function createKubeClient(connection: KubeConnection): KubeClient {
  const agent = new Agent({ keepAlive: true, maxSockets: 32, timeout: idleMs });
  const tls: RequestOptions = {
    ...(connection.authority === undefined ? {} : { ca: connection.authority }),
    ...(connection.certificate === undefined ? {} : { cert: connection.certificate }),
    ...(connection.key === undefined ? {} : { key: connection.key }),
    ...(connection.serverName === undefined ? {} : { servername: connection.serverName }),
  };
  const headers = async (): Promise<Record<string, string>> =>
    connection.token === undefined ? {} : { authorization: `Bearer ${await connection.token()}` };

  const send = async (request: KubeRequest, signal: AbortSignal): Promise<IncomingMessage> => {
    signal.throwIfAborted();
    const body = request.body === undefined ? undefined : JSON.stringify(request.body);
    const outgoing = httpsRequest(urlOf(connection.server, request), {
      ...tls,
      agent,
      signal,
      method: request.method ?? "GET",
      headers: {
        ...(await headers()),
        accept: request.accept ?? "application/json",
        "user-agent": "tau",
        ...(body === undefined
          ? {}
          : {
              "content-type": request.contentType ?? "application/json",
              "content-length": Buffer.byteLength(body),
            }),
      },
    });
    outgoing.on("error", () => undefined); // after an abort, too, when nobody waits for it any more
    outgoing.end(body);
    try {
      const [response]: IncomingMessage[] = await once(outgoing, "response", { signal });
      if (response === undefined) throw new TypeError("A response event came without its response.");
      if ((response.statusCode ?? 0) >= 300) throw await refusalOf(response, request.asked);
      return response;
    } catch (error) {
      signal.throwIfAborted();
      throw error instanceof TauError ? error : unreachable(request.asked, error);
    }
  };

  return {
    connection,
    async json(request, signal) {
      const { text } = await readText(await send(request, signal), maxBodyBytes, { request, signal });
      const parsed = parseJson(text);
      if (parsed.ok && isJsonObject(parsed.value)) return parsed.value;
      throw unreachable(request.asked, new Error("The answer is no JSON object."));
    },
    async text(request, maxBytes, signal) {
      return await readText(await send(request, signal), maxBytes, { request, signal });
    },
    async *watch(request, signal) {
      const response = await send(request, signal);
      try {
        yield* linesOf(response);
      } catch (error) {
        signal.throwIfAborted();
        throw error instanceof TauError ? error : unreachable(request.asked, error);
      } finally {
        response.destroy();
      }
    },
    exec: async (options, signal) =>
      await openExec({ ...options, server: connection.server, tls, headers: await headers() }, signal),
    close: () => agent.destroy(),
  };
}

function urlOf(server: string, { path, query = {} }: KubeRequest): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) parameters.set(name, value);
  return `${server}${path}${parameters.size === 0 ? "" : `?${parameters.toString()}`}`;
}

async function readText(
  response: IncomingMessage,
  maxBytes: number,
  { request, signal }: { readonly request: KubeRequest; readonly signal: AbortSignal },
): Promise<{ readonly text: string; readonly cut: boolean }> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of response) {
      if (!Buffer.isBuffer(chunk)) continue;
      chunks.push(chunk.subarray(0, maxBytes - length));
      length += chunk.length;
      if (length > maxBytes) break;
    }
  } catch (error) {
    signal.throwIfAborted();
    throw unreachable(request.asked, error);
  }
  return { text: Buffer.concat(chunks).toString(), cut: length > maxBytes };
}

/** One JSON object a line, as watches send them. */
async function* linesOf(response: IncomingMessage): AsyncGenerator<JsonObject> {
  let rest = "";
  response.setEncoding("utf8");
  for await (const chunk of response) {
    const lines = `${rest}${String(chunk)}`.split("\n");
    rest = lines.pop() ?? "";
    if (rest.length > maxBodyBytes) throw new Error("A line of the watch is too long.");
    for (const line of lines) {
      const parsed = parseJson(line);
      if (parsed.ok && isJsonObject(parsed.value)) yield parsed.value;
    }
  }
}
