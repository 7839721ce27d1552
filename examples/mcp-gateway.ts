/**
 * A gateway: one address in front of approved MCP servers, with rules and an audit of its own. It passes on what a person
 * approved, and nothing that a server says later.
 *
 * Run it with: node --conditions=@tau/source examples/mcp-gateway.ts
 */
import { createOpenAiChat } from "@tau/agent";
import { startScriptedServer } from "@tau/agent/scripted";
import { createCallContext } from "@tau/core";
import {
  createMcpClient,
  createMcpEndpoint,
  createMcpServer,
  listenMcp,
  offerTools,
  parseMcpServers,
} from "@tau/mcp";
import type { McpClient, McpListener } from "@tau/mcp";
import { completeRun, createMemoryRuntime } from "@tau/runtime";
import { createHostEnvironment, createPermissionPolicy, createToolRegistry, defineTool } from "@tau/tools";
import type { Tool } from "@tau/tools";

await using open = new AsyncDisposableStack();
const principal = { id: "me", kind: "person", scopes: [] } as const;
const call = createCallContext({ tenant: "home", principal });

/** Serves a registry over HTTP on this machine, to whoever is here. */
const serve = async (
  name: string,
  tools: ReturnType<typeof createToolRegistry>,
  allow: readonly string[],
): Promise<McpListener> => {
  const server = createMcpServer({ name, version: "1.0.0" });
  offerTools(server, {
    tools,
    openEnvironment: async () =>
      createHostEnvironment({ profile: { access: "read-only", workspace: "/", network: false } }),
    policyFor: () => createPermissionPolicy({ profile: "read-only", rules: { allow } }),
    audit: ({ tool, outcome }) => console.log(`${name}: ${tool} ${outcome}`),
  });
  const endpoint = await createMcpEndpoint(server, { hosts: ["127.0.0.1"], findCaller: async () => call });
  open.use(endpoint);
  return open.use(await listenMcp(endpoint));
};

/** A client of a server that a person has looked at and approved. */
const approved = async (name: string, { url }: McpListener): Promise<McpClient> => {
  const options = { servers: parseMcpServers({ [name]: { url: url.href } }), fetch };
  await using looking = createMcpClient({ ...options, lock: {} });
  const inspection = await looking.server(name).inspect(call, { start: true });
  const lock = { [name]: looking.server(name).approve(inspection) };
  return open.use(createMcpClient({ ...options, lock }));
};

// Two servers of others, each with a tool.
const toolNamed = (name: string, answer: string): Tool =>
  defineTool({
    name,
    description: `Answers ${answer}.`,
    input: { type: "object" },
    sideEffect: "pure",
    execute: () => answer,
  });
const weather = await serve("weather", createToolRegistry({ tools: [toolNamed("now", "rain")] }), ["*"]);
const bank = await serve("bank", createToolRegistry({ tools: [toolNamed("transfer", "done")] }), ["*"]);

// The gateway is a server whose tools are those of its clients. Its rules let one of them through.
const behind = [await approved("weather", weather), await approved("bank", bank)];
const all = createToolRegistry({ tools: behind.flatMap((client) => client.tools()) });
const gateway = await approved("all", await serve("gateway", all, ["weather__*"]));

console.log(
  gateway
    .tools()
    .map(({ name }) => name)
    .join(", "),
);

// An agent that knows the gateway alone: the bank never hears of the call.
const toolCalls = ["all__weather__now", "all__bank__transfer"].map((name) => ({ name, arguments: {} }));
await using script = await startScriptedServer({ turns: [{ toolCalls }, { text: "It rains." }] });
const agent = {
  name: "butler",
  model: createOpenAiChat({ baseUrl: `${script.url}/v1`, model: "scripted" }),
  tools: createToolRegistry({ tools: gateway.tools() }),
  policyFor: () => createPermissionPolicy({ profile: "read-only", rules: { allow: ["all__*"] } }),
};
await using runtime = await createMemoryRuntime({ agents: [agent] });
const { text } = await completeRun(runtime, { prompt: "Weather?" }, call);
console.log(text);
