/**
 * Tau as an MCP server over HTTP: files of a folder and a tool of one's own, in a jail, under rules, for callers with a token.
 *
 * Run it with: node --conditions=@tau/source examples/mcp-server.ts
 */
import { mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { createOpenAiChat } from "@tau/agent";
import { startScriptedServer } from "@tau/agent/scripted";
import { createCallContext } from "@tau/core";
import {
  createFileTools,
  createMcpClient,
  createMcpEndpoint,
  createMcpServer,
  createRateLimiter,
  listenMcp,
  offerTools,
  parseMcpServers,
} from "@tau/mcp";
import { completeRun, createMemoryRuntime } from "@tau/runtime";
import { createJail } from "@tau/sandbox";
import { createPermissionPolicy, createToolRegistry, defineTool } from "@tau/tools";

const folder = await realpath(await mkdtemp("/var/tmp/tau-served-"));
await writeFile(join(folder, "menu.txt"), "Tea, coffee");
await writeFile(join(folder, ".env"), "TOKEN=secret");

// What is offered: the file server, and a tool that only callers with a scope see.
const close = defineTool({
  name: "close_shop",
  description: "Closes the shop for today.",
  input: { type: "object" },
  sideEffect: "idempotent",
  scopes: ["owner"],
  execute: () => "Closed.",
});
const tools = createToolRegistry({ tools: [...createFileTools().list(), close] });
const server = createMcpServer({ name: "shop", version: "1.0.0" });
offerTools(server, {
  tools,
  openEnvironment: async () =>
    await createJail({ profile: { access: "workspace-write", workspace: folder, network: false } }),
  // A client is a program: what a person would be asked about is denied.
  policyFor: () =>
    createPermissionPolicy({
      profile: "workspace-write",
      rules: { allow: ["close_shop"], deny: ["write(menu.txt)"] },
    }),
  limit: createRateLimiter({ burst: 20, perMinute: 60 }),
  audit: ({ principal, tool, outcome }) => console.log(`audit: ${principal} ${tool} ${outcome}`),
});

// Who calls: whoever shows a token that is known, with the scopes of that token.
const tokens = new Map<string, readonly string[]>([
  ["guest", []],
  ["ada", ["owner"]],
]);
await using endpoint = await createMcpEndpoint(server, {
  hosts: ["127.0.0.1"],
  findCaller: async ({ headers }) => {
    const id = headers.get("authorization")?.replace("Bearer ", "") ?? "";
    const scopes = tokens.get(id);
    return scopes === undefined
      ? undefined
      : createCallContext({ tenant: "shop", principal: { id, kind: "service", scopes } });
  },
});
await using listener = await listenMcp(endpoint);

// The other end may be any MCP client; here it is an agent of Tau's, whose model is a script.
const visit = async (token: string, ...calls: readonly (readonly [string, object])[]): Promise<void> => {
  const options = {
    servers: parseMcpServers({
      shop: { url: listener.url.href, headers: { authorization: `Bearer ${token}` } },
    }),
    fetch,
  };
  const principal = { id: "visitor", kind: "person", scopes: [] } as const;
  const call = createCallContext({ tenant: "home", principal, sessionId: "visit" });
  await using looking = createMcpClient({ ...options, lock: {} });
  const inspection = await looking.server("shop").inspect(call, { start: true });
  console.log(`${token} sees ${inspection.verdicts.map(({ name }) => name).join(", ")}`);

  const lock = { shop: looking.server("shop").approve(inspection) };
  await using client = createMcpClient({ ...options, lock });
  const toolCalls = calls.map(([name, args]) => ({ name: `shop__${name}`, arguments: { ...args } }));
  await using script = await startScriptedServer({ turns: [{ toolCalls }, { text: "Bye." }] });
  const model = createOpenAiChat({ baseUrl: `${script.url}/v1`, model: "scripted" });
  const agent = {
    name: "visitor",
    model,
    tools: createToolRegistry({ tools: client.tools() }),
    policyFor: () => createPermissionPolicy({ profile: "read-only", rules: { allow: ["shop__*"] } }),
  };
  await using runtime = await createMemoryRuntime({ agents: [agent] });
  await completeRun(runtime, { prompt: "Go" }, createCallContext({ tenant: "home", principal }));
};
await visit("guest", ["file_read", { path: "menu.txt" }], ["file_write", { path: "menu.txt", content: "" }]);
await visit("ada", ["close_shop", {}]);
await rm(folder, { recursive: true });
