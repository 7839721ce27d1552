import { once } from "node:events";
import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

import { isJsonObject, parseJson } from "@tau/core";
import type { JsonObject } from "@tau/core";

import { toAnswer } from "./answer.ts";
import { chooseTurn } from "./choose-turn.ts";
import { failBeforeAnswer, failureEvents } from "./failure.ts";
import { assertTranscript } from "./parse-transcript.ts";
import { sendEvents, sendJson } from "./send.ts";
import type { Transcript, TranscriptFailure, TranscriptTurn } from "./transcript.ts";
import { withVariables } from "./variables.ts";
import type { Variables } from "./variables.ts";
import { readWireRequest } from "./wire-request.ts";
import type { ScriptedProtocol, WireRequest } from "./wire-request.ts";
import { wires } from "./wires.ts";

const maxBodyBytes = 64 * 1024 * 1024;

/** A request that the scripted server got. */
export interface ScriptedRequest {
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: JsonObject;
}

/** Options of {@link startScriptedServer}. */
export interface ScriptedServerOptions {
  /** Values of the `{{name}}` placeholders in the transcript. */
  readonly variables?: Variables;
  /** Refuse requests with another key. */
  readonly apiKey?: string;
  /** Default 0: any free port. */
  readonly port?: number;
  /** How many of the newest requests are kept. Default 1000. */
  readonly keepRequests?: number;
}

/** A running scripted model. */
export interface ScriptedServer extends AsyncDisposable {
  /** `http://127.0.0.1:<port>`: the base URL for Anthropic and Ollama; add `/v1` for OpenAI, `/v1beta` for Gemini. */
  readonly url: string;
  /** The newest requests, oldest first. */
  readonly requests: readonly ScriptedRequest[];
  /** How many connections are open, idle ones too: what a cancelled call must bring down. */
  openConnections(): Promise<number>;
  /** Closes the server and every connection. */
  close(): Promise<void>;
}

interface Context {
  readonly transcript: Transcript;
  readonly options: ScriptedServerOptions;
  readonly requests: ScriptedRequest[];
  /** Failures so far, by the path of the turn and the first user message. */
  readonly failures: Map<string, number>;
}

/** The ends of paths: providers have their own before them. */
const protocols: readonly (readonly [string, ScriptedProtocol])[] = [
  ["/chat/completions", "openai"],
  ["/responses", "responses"],
  ["/v1/messages", "anthropic"],
  ["/api/chat", "ollama"],
];

/** Gemini's address says the model and the method, at the Gemini API and at Vertex. */
const geminiPath = /\/models\/[^/:]+:(generateContent|streamGenerateContent)$/;

/**
 * Serves a transcript over HTTP on 127.0.0.1, streamed or whole, as OpenAI Chat Completions, OpenAI Responses,
 * Anthropic Messages, Gemini (also at Vertex's paths) and Ollama.
 *
 * @throws TauError `transcript.invalid`
 */
export async function startScriptedServer(
  transcript: Transcript,
  options: ScriptedServerOptions = {},
): Promise<ScriptedServer> {
  assertTranscript(transcript);
  const context: Context = {
    transcript: withVariables(transcript, options.variables ?? {}),
    options,
    requests: [],
    failures: new Map(),
  };
  const server = createServer((request, response) => {
    answer(context, request, response).catch((error: unknown) => response.destroy(asError(error)));
  });
  server.listen(options.port ?? 0, "127.0.0.1");
  await once(server, "listening");
  const close = (): Promise<void> => stop(server);
  return {
    url: `http://127.0.0.1:${portOf(server)}`,
    requests: context.requests,
    openConnections: () => countConnections(server),
    close,
    [Symbol.asyncDispose]: close,
  };
}

async function answer(context: Context, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = (request.url ?? "").split("?")[0] ?? "";
  const method = geminiPath.exec(path)?.[1];
  const protocol = method === undefined ? protocols.find(([end]) => path.endsWith(end))?.[1] : "gemini";
  const text = await readBody(request);
  if (protocol === undefined || request.method !== "POST") {
    sendJson(response, 404, wires.openai.error(404, `There is no ${request.method} ${path} here.`));
    return;
  }
  const parsed = parseJson(text);
  if (!parsed.ok || !isJsonObject(parsed.value)) {
    refuse(response, protocol, { status: 400, message: "The body is not a JSON object." });
    return;
  }
  remember(context, { path, headers: request.headers, body: parsed.value });
  if (!isAuthorized(context.options.apiKey, request)) {
    refuse(response, protocol, { status: 401, message: "The API key is wrong." });
    return;
  }
  const read = readWireRequest(protocol, parsed.value, text.length);
  await play(
    context,
    method === undefined ? read : { ...read, stream: method !== "generateContent" },
    response,
  );
}

async function play(context: Context, request: WireRequest, response: ServerResponse): Promise<void> {
  const chosen = chooseTurn(context.transcript, request);
  if (chosen.turn === undefined) {
    refuse(response, request.protocol, { status: 400, message: chosen.reason });
    return;
  }
  const { turn, path } = chosen;
  const wire = wires[request.protocol];
  const failure = dueFailure(context, turn, `${path} ${request.firstUser}`);
  if (failure !== undefined && failBeforeAnswer(failure, wire, response)) return;
  const said = toAnswer(turn, request, context.transcript.model ?? "scripted");
  if (!request.stream) {
    sendJson(response, 200, wire.object(said));
    return;
  }
  const events = wire.events(said, request);
  await sendEvents(response, {
    contentType: wire.contentType,
    events: failure === undefined ? events : failureEvents(failure, wire, events),
    firstDelayMs: turn.firstDelayMs ?? 0,
    delayMs: turn.delayMs ?? 0,
    ending: failure?.kind === "stall" ? "stall" : failure?.kind === "cut" ? "cut" : "end",
  });
}

function dueFailure(context: Context, turn: TranscriptTurn, key: string): TranscriptFailure | undefined {
  const { failure } = turn;
  if (failure?.times === undefined) return failure;
  const count = context.failures.get(key) ?? 0;
  if (count >= failure.times) return undefined;
  context.failures.set(key, count + 1);
  return failure;
}

function refuse(
  response: ServerResponse,
  protocol: ScriptedProtocol,
  error: { readonly status: number; readonly message: string },
): void {
  sendJson(response, error.status, wires[protocol].error(error.status, error.message));
}

function remember({ requests, options }: Context, request: ScriptedRequest): void {
  requests.push(request);
  if (requests.length > (options.keepRequests ?? 1000)) requests.shift();
}

function isAuthorized(key: string | undefined, { headers }: IncomingMessage): boolean {
  if (key === undefined || headers.authorization === `Bearer ${key}`) return true;
  return ["x-api-key", "api-key", "x-goog-api-key"].some((name) => headers[name] === key);
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    if (!Buffer.isBuffer(chunk)) continue;
    size += chunk.length;
    if (size > maxBodyBytes) throw new RangeError("The request body is too large.");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

async function countConnections(server: Server): Promise<number> {
  return await new Promise((resolve, reject) => {
    server.getConnections((error, count) => (error === null ? resolve(count) : reject(error)));
  });
}

async function stop(server: Server): Promise<void> {
  if (!server.listening) return;
  const closed = once(server, "close");
  server.close();
  server.closeAllConnections();
  await closed;
}

function portOf(server: Server): number {
  const address: AddressInfo | string | null = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
