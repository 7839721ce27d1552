import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";

import { createCallContext, isJsonObject, parseJson } from "@tau/core";
import type { CallContext, Json, JsonObject, ToolResultPart } from "@tau/core";
import { createToolRegistry } from "@tau/tools";
import type { Environment, ToolContext, ToolRun } from "@tau/tools";
import { createToolContext } from "@tau/tools/testing";
import { onTestFinished } from "vitest";

import type { McpClientOptions } from "./client/client-options.ts";
import { createMcpClient } from "./client/create-mcp-client.ts";
import type { McpClient } from "./client/create-mcp-client.ts";
import type { McpServerConfig } from "./config/server-config.ts";
import type { McpLock } from "./pins/mcp-lock.ts";

/** The call of a person, in the session and by the name given. */
export function callOf(principal = "ada", more: Partial<CallContext> = {}): CallContext {
  const id = { id: principal, kind: "person", scopes: [] } as const;
  return createCallContext({ tenant: "acme", principal: id, sessionId: "s1", ...more });
}

/** Makes a client that is closed when the test is over. */
export function clientOf(options: Omit<McpClientOptions, "lock"> & { readonly lock?: McpLock }): McpClient {
  const client = createMcpClient({ fetch, lock: {}, ...options });
  onTestFinished(async () => await client[Symbol.asyncDispose]());
  return client;
}

/** Makes a client after a person approved everything that its servers define now. */
export async function approvedClientOf(options: Omit<McpClientOptions, "lock">): Promise<McpClient> {
  const before = clientOf(options);
  const locks = before.servers.map(async (server) => {
    const inspection = await server.inspect(callOf("approver"), { start: true });
    return [server.name, server.approve(inspection)] as const;
  });
  return clientOf({ ...options, lock: Object.fromEntries(await Promise.all(locks)) });
}

/** What a tool gets in a call. */
export function contextFor(
  call: CallContext,
  progress: (text: string) => void = () => undefined,
): ToolContext {
  return createToolContext({ call, environment: noEnvironment, progress });
}

/** Calls a tool of the client as an agent's model would. */
export async function callTool(
  client: McpClient,
  name: string,
  input: Json = {},
  context: ToolContext = contextFor(callOf()),
): Promise<ToolRun> {
  const registry = createToolRegistry({ tools: client.tools() });
  const call = { type: "tool_call", id: "1", name, arguments: JSON.stringify(input) } as const;
  return await registry.execute(call, context);
}

/** The text that a model would read. */
export function textIn({ content }: ToolResultPart): string {
  return content.map((part) => (part.type === "text" ? part.text : `[${part.type}]`)).join("\n");
}

/** For tools that touch nothing here. */
const noEnvironment: Environment = {
  info: {
    kind: "none",
    enforced: true,
    profile: { access: "read-only", workspace: "/nowhere", network: false },
    profileHash: "000000000000",
  },
  exec: nothing,
  start: nothing,
  readFile: nothing,
  writeFile: nothing,
  stat: nothing,
  realPath: nothing,
};

function nothing(): never {
  throw new Error("There is no environment here.");
}

/** A request that a test's server got. */
export interface SeenRequest {
  readonly httpMethod: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
  /** Of JSON-RPC; empty for other requests. */
  readonly method: string;
  readonly params: JsonObject;
}

/** What a test's server does with a method beside the usual: a result, an error, or the whole answer by itself. */
export type Handler = (
  params: JsonObject,
  request: { readonly id: Json; readonly seen: SeenRequest; readonly response: ServerResponse },
) => Json | Promise<Json> | typeof handled | RpcError;

/** Says that a handler has answered by itself, or never will. */
export const handled: unique symbol = Symbol("handled");

/** A JSON-RPC error to answer with. */
export class RpcError {
  readonly code: number;
  readonly message: string;
  readonly data: Json;

  constructor(code: number, message: string, data: Json = null) {
    this.code = code;
    this.message = message;
    this.data = data;
  }

  toJson(): JsonObject {
    return { code: this.code, message: this.message, data: this.data };
  }
}

/** A server of revision 2025-11-25 that says what the test wants. */
export interface TestServer {
  readonly config: McpServerConfig;
  readonly url: string;
  readonly seen: readonly SeenRequest[];
  /** What `tools/list` answers; change it as an attacker would. */
  tools: JsonObject[];
  instructions: string;
}

/** A tool that says what it was given. */
export const echoTool: JsonObject = {
  name: "echo",
  description: "Says it again.",
  inputSchema: { type: "object", properties: { text: { type: "string" } } },
};

/** Starts a {@link TestServer}, which ends with the test. */
export async function startServer(handlers: Readonly<Record<string, Handler>> = {}): Promise<TestServer> {
  const seen: SeenRequest[] = [];
  const usual: Readonly<Record<string, Handler>> = {
    initialize: () => ({
      protocolVersion: "2025-11-25",
      capabilities: { tools: { listChanged: true }, prompts: {}, resources: {}, logging: {} },
      serverInfo: { name: "test", version: "1" },
      instructions: server.instructions,
    }),
    ping: () => ({}),
    "tools/list": () => ({ tools: server.tools }),
    "prompts/list": () => ({ prompts: [] }),
    "resources/templates/list": () => ({ resourceTemplates: [] }),
    "logging/setLevel": () => ({}),
    "tools/call": ({ arguments: input }) => ({ content: [{ type: "text", text: JSON.stringify(input) }] }),
  };
  const http = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => response.destroy(Error("broken", { cause: error })));
  });
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    let body = "";
    for await (const chunk of request) body += String(chunk);
    const parsed = parseJson(body);
    const message = parsed.ok && isJsonObject(parsed.value) ? parsed.value : {};
    const method = typeof message["method"] === "string" ? message["method"] : "";
    const params = isJsonObject(message["params"]) ? message["params"] : {};
    const one = { httpMethod: request.method ?? "", headers: request.headers, body, method, params };
    seen.push(one);
    const handler = handlers[method || `${one.httpMethod} ${request.url}`] ?? usual[method];
    const id = message["id"] ?? null;
    if (handler === undefined && (id === null || method === "")) {
      response.writeHead(method === "" ? 405 : 202).end();
      return;
    }
    const result = await (handler?.(params, { id, seen: one, response }) ??
      new RpcError(-32_601, "No such method"));
    if (result === handled) return;
    const said = result instanceof RpcError ? { error: result.toJson() } : { result };
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ jsonrpc: "2.0", id, ...said }));
  };
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    http.closeAllConnections();
    http.close();
  });
  const address = http.address();
  const url = `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}/mcp`;
  const server: TestServer = {
    config: { transport: "http", url },
    url,
    seen,
    tools: [echoTool],
    instructions: "",
  };
  return server;
}

/** Answers with events, the last of which is the result. */
export function sendEvents(response: ServerResponse, messages: readonly JsonObject[]): void {
  response.writeHead(200, { "content-type": "text/event-stream" });
  for (const message of messages)
    response.write(`event: message\ndata: ${JSON.stringify({ jsonrpc: "2.0", ...message })}\n\n`);
  response.end();
}
