import { once } from "node:events";
import type { ClientRequest, IncomingMessage } from "node:http";
import { Agent, request as httpRequest } from "node:http";
import type { Duplex } from "node:stream";

import { TauError } from "@tau/core";

import type { EngineAddress } from "./engine-address.ts";

/** The newest revision of the Engine API whose answers this package knows; older engines are spoken to in theirs. */
const knownVersion = "1.44";
/** What an answer that is read whole may hold, in bytes. */
const maxAnswerBytes = 8 * 2 ** 20;
const defaultTimeoutMs = 30_000;

/** One request to the engine. */
export interface EngineRequest {
  readonly method: "GET" | "POST" | "DELETE";
  /** Without the version: `/containers/json`. Parts that are not constant are encoded by the caller. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean>>;
  readonly body?: unknown;
  /** Milliseconds for the whole answer. Default 30,000. */
  readonly timeoutMs?: number;
}

/**
 * Speaks the Docker Engine API, which Podman speaks too.
 *
 * Every method throws `container.unreachable` when nothing answers, `container.engine_failed` with `details.status` for a
 * refusal (the engine's words are its cause), and the signal's reason.
 */
export interface ContainerEngine {
  /** Answers the JSON of the answer, or undefined when it has none. */
  ask(request: EngineRequest, signal: AbortSignal): Promise<unknown>;
  /** Answers the body as it comes; whoever stops reading destroys it. */
  open(request: EngineRequest, signal: AbortSignal): Promise<IncomingMessage>;
  /** Turns the connection into a plain two-way stream. */
  hijack(request: EngineRequest, signal: AbortSignal): Promise<Duplex>;
}

/** Makes a {@link ContainerEngine}. Connects when it is first asked. */
export function createContainerEngine(address: EngineAddress): ContainerEngine {
  const agent = new Agent({ keepAlive: false });
  let version: Promise<string> | undefined;

  const send = (
    { method, path, query = {}, body }: EngineRequest,
    headers: Readonly<Record<string, string>>,
    signal?: AbortSignal,
  ): ClientRequest => {
    const words = new URLSearchParams();
    for (const [name, value] of Object.entries(query)) words.set(name, String(value));
    const search = words.size === 0 ? "" : `?${words.toString()}`;
    const data = body === undefined ? "" : JSON.stringify(body);
    const request = httpRequest({
      ...address,
      agent,
      method,
      path: `${path}${search}`,
      headers: {
        Host: "engine",
        ...(body === undefined ? {} : { "Content-Type": "application/json" }),
        ...(method === "GET" ? {} : { "Content-Length": Buffer.byteLength(data) }),
        ...headers,
      },
      ...(signal === undefined ? {} : { signal }),
    });
    request.end(data);
    return request;
  };

  const answer = async (request: EngineRequest, signal: AbortSignal): Promise<IncomingMessage> => {
    const response = await responseOf(send(request, {}, signal), signal);
    if ((response.statusCode ?? 0) < 400) return response;
    throw refusal(request, response.statusCode ?? 0, await textOf(response));
  };

  const versioned = async (request: EngineRequest, signal: AbortSignal): Promise<EngineRequest> => {
    version ??= negotiate(() =>
      answer({ method: "GET", path: "/_ping" }, AbortSignal.timeout(defaultTimeoutMs)),
    );
    try {
      const prefix = await version;
      signal.throwIfAborted();
      return { ...request, path: `${prefix}${request.path}` };
    } catch (error) {
      version = undefined; // an engine may be started later
      throw error;
    }
  };

  const guarded = async <Result>(
    signal: AbortSignal,
    work: (limited: AbortSignal) => Promise<Result>,
    timeoutMs = defaultTimeoutMs,
  ): Promise<Result> => {
    signal.throwIfAborted();
    const limit = AbortSignal.timeout(timeoutMs);
    try {
      return await work(AbortSignal.any([signal, limit]));
    } catch (error) {
      signal.throwIfAborted();
      if (limit.aborted) throw unreachable("in time", error);
      throw error instanceof TauError ? error : unreachable("", error);
    }
  };

  return {
    ask: (request, signal) =>
      guarded(
        signal,
        async (limited) => {
          const text = await textOf(await answer(await versioned(request, limited), limited));
          return text.trim() === "" ? undefined : toJson(text);
        },
        request.timeoutMs,
      ),
    open: (request, signal) =>
      guarded(signal, async () => await answer(await versioned(request, signal), signal), request.timeoutMs),
    hijack: (request, signal) =>
      guarded(signal, async (limited) => {
        const full = await versioned(request, limited);
        // Without the signal: it would end the stream once the time for its beginning is over.
        const sent = send(full, { Connection: "Upgrade", Upgrade: "tcp" });
        return await upgraded(sent, full, limited);
      }),
  };
}

/** The path's start in the newest revision that both sides know. Engines refuse what they are too new for. */
async function negotiate(ping: () => Promise<IncomingMessage>): Promise<string> {
  const response = await ping();
  response.resume();
  const offered = response.headers["api-version"];
  const version = typeof offered === "string" && /^1\.\d{1,3}$/u.test(offered) ? offered : knownVersion;
  const minor = (text: string): number => Number(text.split(".")[1]);
  return `/v${minor(version) < minor(knownVersion) ? version : knownVersion}`;
}

async function responseOf(request: ClientRequest, signal: AbortSignal): Promise<IncomingMessage> {
  const [response]: readonly unknown[] = await once(request, "response", { signal });
  if (!isResponse(response)) throw new TypeError("Node answered no response.");
  return response;
}

/** Waits for the switch of protocols; an engine that refuses answers as usual. */
async function upgraded(request: ClientRequest, asked: EngineRequest, signal: AbortSignal): Promise<Duplex> {
  return await new Promise<Duplex>((resolve, reject) => {
    request.once("error", reject);
    request.once("upgrade", (_response, socket: Duplex, head: Buffer) => {
      signal.removeEventListener("abort", abort);
      socket.on("error", () => socket.destroy()); // its end says as much
      if (head.length > 0) socket.unshift(head);
      resolve(socket);
    });
    request.once("response", (response) => {
      textOf(response).then((text) => reject(refusal(asked, response.statusCode ?? 0, text)), reject);
    });
    const abort = (): void => {
      request.destroy();
      reject(signal.reason);
    };
    signal.addEventListener("abort", abort, { once: true });
  });
}

async function textOf(response: IncomingMessage): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response) {
    if (!(chunk instanceof Uint8Array)) throw new TypeError("The answer is no bytes.");
    bytes += chunk.length;
    if (bytes > maxAnswerBytes)
      throw new TauError("container.engine_failed", "The container engine answered too much.");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function toJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new TauError("container.engine_failed", "The container engine answered no JSON.", { cause: error });
  }
}

function refusal({ method, path }: EngineRequest, status: number, body: string): TauError {
  const what = path.replace(/^\/v[\d.]+/u, "").replaceAll(/[0-9a-f]{32,}/gu, "…");
  return new TauError(
    "container.engine_failed",
    `The container engine answered ${status} to ${method} ${what}.`,
    {
      details: { status },
      cause: new Error(body.slice(0, 2000)),
    },
  );
}

function unreachable(how: string, cause: unknown): TauError {
  const text = how === "" ? "cannot be reached" : `does not answer ${how}`;
  return new TauError(
    "container.unreachable",
    `The container engine ${text}. Start it, and let the user who runs Tau use its socket.`,
    { class: "retryable", cause },
  );
}

function isResponse(value: unknown): value is IncomingMessage {
  return typeof value === "object" && value !== null && "statusCode" in value && "headers" in value;
}

/** The status with which the engine refused; undefined for other failures. */
export function statusOf(error: unknown): number | undefined {
  if (!(error instanceof TauError) || error.code !== "container.engine_failed") return undefined;
  const { status } = error.details;
  return typeof status === "number" ? status : undefined;
}
