/** Drives a client as the conformance suite wants it: `MCP_CONFORMANCE_*` say what, the last argument where. */
import type { Model } from "@tau/agent";
import { createCallContext, isJsonObject, isTauError, noUsage, parseJson } from "@tau/core";
import type { Json, JsonObject } from "@tau/core";
import type { Tool } from "@tau/tools";

import { Agent, fetch as undiciFetch } from "undici";

import { createMcpClient } from "../client/create-mcp-client.ts";
import type { McpClientOptions } from "../client/client-options.ts";
import type { McpFetch } from "../client/mcp-fetch.ts";
import type { McpServerHandle } from "../client/mcp-server-handle.ts";
import type { HttpServer } from "../config/server-config.ts";
import { createMemoryCredentialStore } from "../oauth/credential-store.ts";
import { contextFor } from "../mcp.test.support.ts";

const { env, argv } = process;
const url = argv.at(-1) ?? "";
const call = createCallContext({ tenant: "acme", principal: { id: "ada", kind: "person", scopes: [] } });
const said = parseJson(env["MCP_CONFORMANCE_CONTEXT"] ?? "{}");
const context: JsonObject = said.ok && isJsonObject(said.value) ? said.value : {};
const { client_id: clientId, client_secret: clientSecret, toolCalls } = context;
const isText = (value: unknown): value is string => typeof value === "string";

const model: Model = {
  provider: "conformance",
  id: "conformance",
  async *stream() {
    yield await Promise.resolve([
      {
        type: "finished",
        message: { role: "assistant", parts: [{ type: "text", text: "An answer." }] },
        usage: noUsage,
        stopReason: "stop",
        model: "conformance",
      },
    ]);
  },
};

const config: HttpServer = {
  transport: "http",
  url,
  sampling: true,
  roots: true,
  revision: env["MCP_CONFORMANCE_PROTOCOL_VERSION"] === "2025-11-25" ? "2025-11-25" : "2026-07-28",
  ...(isText(clientId) && isText(clientSecret)
    ? {
        oauth: {
          clientId,
          clientSecret: "env:SECRET",
          ...(env["MCP_CONFORMANCE_SCENARIO"] === "auth/client-credentials-basic"
            ? { grant: "client_credentials" }
            : {}),
        },
      }
    : {}),
};

/** The suite's servers close what was idle for five seconds, which on a busy machine is between two requests. */
const dispatcher = new Agent({ pipelining: 0 });
const freshFetch: McpFetch = async (target, init) => {
  const { body = null, signal = null, ...rest } = init ?? {};
  const text = body instanceof URLSearchParams ? body.toString() : typeof body === "string" ? body : null;
  const answer = await undiciFetch(target, {
    ...rest,
    headers: [...new Headers(init?.headers)],
    body: text,
    signal,
    dispatcher,
  });
  return answer;
};

const options: Omit<McpClientOptions, "lock"> = {
  servers: { suite: config },
  fetch: freshFetch,
  resolveSecret: async () => await Promise.resolve(isText(clientSecret) ? clientSecret : ""),
  ask: async () => await Promise.resolve({ action: "accept" }),
  sampling: { model },
  roots: () => [{ uri: "file:///workspace" }],
  oauth: {
    credentials: createMemoryCredentialStore(),
    redirectUrl: "http://localhost:3000/callback",
    clientMetadataUrl: "https://conformance-test.local/client-metadata.json",
    // The suite's authorization server asks nobody: it sends the browser straight back.
    authorize: async (request) => {
      const { headers } = await fetch(request.url, { redirect: "manual" });
      return new URL(headers.get("location") ?? "").searchParams;
    },
  },
};

const toolContext = contextFor(call);

await using before = createMcpClient({ ...options, lock: {} });
const handle = before.server("suite");
const lock = { suite: handle.approve(await handle.inspect(call, { start: true })) };
await using client = createMcpClient({ ...options, lock });
const server = client.server("suite");
const tools = client.tools();

if (Array.isArray(toolCalls)) {
  for (const wanted of toolCalls) {
    if (isJsonObject(wanted) && isText(wanted["name"]))
      await callTool(wanted["name"], wanted["arguments"] ?? {});
  }
} else {
  for (const tool of tools) await callTool(tool.name.slice("suite__".length), argumentsFor(tool));
}
await readSomething(server);

/** Past the registry, which would refuse arguments that the suite sends on purpose. */
async function callTool(name: string, input: Json): Promise<void> {
  const tool = tools.find((one) => one.name === `suite__${name}`);
  if (tool === undefined) return;
  try {
    const { content, isError = false } = await tool.execute(input, toolContext);
    console.error(name, isError, JSON.stringify(content));
  } catch (error) {
    if (!isTauError(error)) throw error;
    console.error(name, error.code, error.cause);
    if (error.class === "auth") process.exitCode = 1;
  }
}

/** Values that fit the required properties. */
function argumentsFor({ inputSchema }: Tool): JsonObject {
  const { properties, required } = inputSchema;
  const names = Array.isArray(required) ? required.filter(isText) : [];
  return Object.fromEntries(
    names.map((name, index) => {
      const property = isJsonObject(properties) ? properties[name] : undefined;
      const type = isJsonObject(property) ? property["type"] : undefined;
      if (name === "schema") return [name, focalSchema()];
      return [name, type === "number" || type === "integer" ? index + 3 : type === "boolean" ? true : "x"];
    }),
  );
}

/** The suite wants back what it was told of its tool, to see that nothing was lost. */
function focalSchema(): JsonObject {
  const pinned = lock.suite.definitions.find(({ name }) => name === "json_schema_2020_12_tool");
  const schema = pinned?.body["inputSchema"];
  return isJsonObject(schema) ? schema : {};
}

/** One of each of the other things that a server may have. */
async function readSomething(one: McpServerHandle): Promise<void> {
  const reads = [
    async () => {
      const resources = await one.listResources(call);
      for (const { uri } of resources.slice(0, 1)) await one.readResource(uri, call);
    },
    async () => {
      for (const { name } of one.prompts.slice(0, 1)) await one.getPrompt(name, {}, call);
    },
  ];
  for (const read of reads) {
    try {
      await read();
    } catch (error) {
      if (!isTauError(error)) throw error;
      console.error(error.code);
    }
  }
}
