import type { Client, ClientOptions, LoggingLevel } from "@modelcontextprotocol/client";

import type { Authorization } from "../oauth/authorization.ts";
import { answerServer, clientCapabilities, inputAnswerer } from "./answer-server.ts";
import type { ServerAnswers } from "./answer-server.ts";
import { openTransport } from "./open-transport.ts";
import type { OpenTransport, TransportOptions } from "./open-transport.ts";
import { readFailure } from "./mcp-error.ts";
import type { AnswerInput } from "./run-extension-task.ts";
import { loadSdk } from "./sdk.ts";
import { letTasksThrough } from "./task-results.ts";
import type { TaskResults } from "./task-results.ts";

/** A server that is connected. */
export interface Connection {
  readonly client: Client;
  readonly authorization?: Authorization;
  /** The revision that both speak. */
  readonly revision: string;
  /** Finds the tasks with which it answers. */
  readonly tasks: TaskResults;
  /** Answers what the server asks in the middle of a task. */
  readonly answerInput: AnswerInput;
  /** Ends the connection, and a server that runs here. */
  close(): Promise<void>;
}

/** What somebody is told of a connection. */
export interface ConnectionEvents {
  /** The server ended, or the connection broke; also called after `close`. */
  onClosed(): void;
  /** The server says that something that it defines has changed. */
  onChanged(): void;
  onLog(level: string, data: unknown, logger: string | undefined): void;
  onResourceUpdated(uri: string): void;
}

/** Options of {@link openConnection}. */
export interface ConnectionOptions extends TransportOptions {
  readonly answers: ServerAnswers;
  readonly events: ConnectionEvents;
  readonly timeoutMs: number;
  readonly logLevel?: LoggingLevel;
}

const clientInfo = { name: "tau", version: "0.1.0" };

/**
 * Connects to a server and agrees on a revision. A server that dies of a question of the newest revision is started
 * again and asked in the old way.
 */
export async function openConnection(options: ConnectionOptions, signal: AbortSignal): Promise<Connection> {
  const { config } = options;
  const mayFallBack = config.transport === "stdio" && (config.revision ?? "auto") === "auto";
  try {
    return await connect(options, signal, config.transport === "sse" ? "2025-11-25" : config.revision);
  } catch (error) {
    const diedOfIt = readFailure(error).code === "ERA_NEGOTIATION_FAILED";
    if (!mayFallBack || !diedOfIt || signal.aborted) throw error;
    return await connect(options, signal, "2025-11-25");
  }
}

async function connect(
  options: ConnectionOptions,
  signal: AbortSignal,
  revision: ConnectionOptions["config"]["revision"],
): Promise<Connection> {
  const { timeoutMs, events, answers } = options;
  const { Client } = await loadSdk();
  const client = new Client(clientInfo, clientOptions(options, revision));
  answerServer(client, answers);
  client.setNotificationHandler("notifications/message", ({ params }) => {
    events.onLog(params.level, params.data, params.logger);
  });
  client.setNotificationHandler("notifications/resources/updated", ({ params }) => {
    events.onResourceUpdated(params.uri);
  });
  const opened = await openTransport(options);
  // The SDK's client is no event target.
  // oxlint-disable-next-line unicorn/prefer-add-event-listener
  client.onclose = () => {
    events.onClosed();
  };
  try {
    await client.connect(opened.transport, { signal, timeout: timeoutMs });
    await setLogLevel(client, options);
  } catch (error) {
    await closeAll(client, opened);
    const words = opened.lastWords?.() ?? "";
    if (words !== "") throw withLastWords(error, words);
    // What only this transport knows is needed to have the person authorize.
    if (opened.authorization !== undefined && error instanceof Error)
      authorizations.set(error, opened.authorization);
    throw error;
  }
  return {
    client,
    tasks: letTasksThrough(opened.transport),
    answerInput: inputAnswerer(answers),
    revision: client.getNegotiatedProtocolVersion() ?? "unknown",
    ...(opened.authorization === undefined ? {} : { authorization: opened.authorization }),
    close: async () => await closeAll(client, opened),
  };
}

/** For logs: why a server that runs here did not come up is on its standard error. */
function withLastWords(error: unknown, words: string): Error {
  const { code } = readFailure(error);
  return Object.assign(new Error(words.trim(), { cause: error }), code === undefined ? {} : { code });
}

const authorizations = new WeakMap<Error, Authorization>();

/** The authorization whose connection failed with this error. */
export function authorizationOf(error: unknown): Authorization | undefined {
  return error instanceof Error ? authorizations.get(error) : undefined;
}

async function closeAll(client: Client, opened: OpenTransport): Promise<void> {
  await using _ = opened;
  await opened.endSession?.();
  await client.close().catch(() => undefined);
}

function clientOptions(
  { answers, events }: ConnectionOptions,
  revision: ConnectionOptions["config"]["revision"] = "auto",
): ClientOptions {
  const listChanged = {
    autoRefresh: false,
    // What has changed is not used a moment longer.
    debounceMs: 0,
    onChanged: () => {
      events.onChanged();
    },
  };
  const mode = { auto: "auto", "2025-11-25": "legacy", "2026-07-28": { pin: "2026-07-28" } } as const;
  return {
    capabilities: clientCapabilities(answers),
    versionNegotiation: { mode: mode[revision] },
    listChanged: { tools: listChanged, prompts: listChanged, resources: listChanged },
  };
}

async function setLogLevel(client: Client, { logLevel }: ConnectionOptions): Promise<void> {
  if (logLevel === undefined || client.getServerCapabilities()?.logging === undefined) return;
  if (client.getProtocolEra() !== "legacy") return;
  await client.setLoggingLevel(logLevel).catch(() => undefined);
}
