import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";

import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { createCallContext } from "@tau/core";
import type { CallContext } from "@tau/core";
import { createHostEnvironment, createPermissionPolicy } from "@tau/tools";
import type { PermissionRules, ToolRegistry } from "@tau/tools";
import { onTestFinished } from "vitest";

import { createMcpEndpoint } from "./create-mcp-endpoint.ts";
import type { McpEndpointOptions } from "./create-mcp-endpoint.ts";
import type { McpServer } from "./create-mcp-server.ts";
import { listenMcp } from "./listen.ts";
import type { OfferToolsOptions } from "./offer-tools.ts";

/** A caller of a tenant, with these scopes. */
export function caller(id: string, scopes: readonly string[] = []): CallContext {
  return createCallContext({ tenant: "acme", principal: { id, kind: "service", scopes } });
}

/** Serves over HTTP to whoever shows the id of a caller as the token. */
export async function serve(
  server: McpServer,
  callers: readonly CallContext[],
  more: Pick<McpEndpointOptions, "maxBodyBytes"> = {},
): Promise<URL> {
  const endpoint = await createMcpEndpoint(server, {
    ...more,
    hosts: ["127.0.0.1"],
    findCaller: async (request) => {
      const token = request.headers.get("authorization")?.replace("Bearer ", "");
      return callers.find(({ principal }) => principal.id === token);
    },
  });
  const listener = await listenMcp(endpoint);
  onTestFinished(async () => {
    await listener[Symbol.asyncDispose]();
    await endpoint[Symbol.asyncDispose]();
  });
  return listener.url;
}

/** The SDK's own client, as somebody. */
export async function connect(url: URL, token: string): Promise<Client> {
  const client = new Client({ name: "test", version: "1" });
  const headers = { authorization: `Bearer ${token}` };
  await client.connect(new StreamableHTTPClientTransport(url, { requestInit: { headers } }));
  onTestFinished(async () => await client.close());
  return client;
}

/** Options for tools that act in a fresh folder on this machine, under these rules. */
export async function toolOptions(
  tools: ToolRegistry,
  rules: PermissionRules = {},
): Promise<OfferToolsOptions & { readonly workspace: string }> {
  const workspace = await realpath(await mkdtemp(join(tmpdir(), "tau-mcp-server-")));
  onTestFinished(async () => await rm(workspace, { recursive: true, force: true }));
  const profile = { access: "workspace-write", workspace, network: false } as const;
  return {
    workspace,
    tools,
    openEnvironment: async () => createHostEnvironment({ profile }),
    policyFor: () => createPermissionPolicy({ profile: "workspace-write", rules, approvals: "never" }),
  };
}

/** Two streams, one for each direction. */
export function pipes(): { readonly input: PassThrough; readonly output: PassThrough } {
  return { input: new PassThrough(), output: new PassThrough() };
}
