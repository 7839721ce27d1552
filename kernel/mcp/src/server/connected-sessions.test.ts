import { createToolRegistry, defineTool } from "@tau/tools";
import { describe, expect, onTestFinished, test } from "vitest";

import { createMcpEndpoint } from "./create-mcp-endpoint.ts";
import type { McpEndpoint } from "./create-mcp-endpoint.ts";
import { createMcpServer } from "./create-mcp-server.ts";
import type { McpServer } from "./create-mcp-server.ts";
import { offerTools } from "./offer-tools.ts";
import { caller, toolOptions } from "./server.test.support.ts";

const deploy = defineTool({
  name: "deploy",
  description: "Deploys.",
  input: { type: "object" },
  sideEffect: "irreversible",
  scopes: ["deploy"],
  execute: () => "deployed",
});

/** Ada has two tokens: one that may deploy, and one that may look. */
async function endpointOf(server: McpServer): Promise<McpEndpoint> {
  const callers = { strong: caller("ada", ["deploy"]), weak: caller("ada") };
  const endpoint = await createMcpEndpoint(server, {
    hosts: ["127.0.0.1"],
    findCaller: async ({ headers }) =>
      headers.get("authorization") === "Bearer strong" ? callers.strong : callers.weak,
  });
  onTestFinished(async () => await endpoint[Symbol.asyncDispose]());
  return endpoint;
}

async function ask(
  endpoint: McpEndpoint,
  token: string,
  { session, method, params = {} }: { session?: string; method: string; params?: object },
): Promise<Response> {
  return await endpoint.fetch(
    new Request("http://127.0.0.1/mcp", {
      method: "POST",
      headers: {
        host: "127.0.0.1",
        authorization: `Bearer ${token}`,
        accept: "application/json, text/event-stream",
        "content-type": "application/json",
        ...(session === undefined ? {} : { "mcp-session-id": session, "mcp-protocol-version": "2025-11-25" }),
      },
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
    }),
  );
}

const initialize = {
  method: "initialize",
  params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "t", version: "1" } },
};

describe("sessions of clients", () => {
  test("lend no rights to another token of the same caller", async () => {
    const server = createMcpServer({ name: "test", version: "1" });
    offerTools(server, await toolOptions(createToolRegistry({ tools: [deploy] }), { allow: ["deploy"] }));
    const endpoint = await endpointOf(server);
    const begun = await ask(endpoint, "strong", initialize);
    const session = begun.headers.get("mcp-session-id") ?? "";
    const call = { session, method: "tools/call", params: { name: "deploy", arguments: {} } };

    expect(await (await ask(endpoint, "strong", call)).text()).toContain("deployed");
    const weak = await ask(endpoint, "weak", call);
    expect(weak.status).toBe(404);
    expect(await weak.text()).not.toContain("deployed");
  });

  test("are not kept for whoever begins none", async () => {
    const server = createMcpServer({ name: "test", version: "1" });
    let listening = 0;
    const endpoint = await endpointOf({
      ...server,
      onChange(notifier) {
        listening += 1;
        const stop = server.onChange(notifier);
        return () => {
          listening -= 1;
          stop();
        };
      },
    });
    const before = listening;

    for (let count = 0; count < 20; count++) {
      const { status } = await ask(endpoint, "weak", { method: "tools/list" });
      expect(status).toBe(400);
    }

    expect(listening).toBe(before);
  });
});
