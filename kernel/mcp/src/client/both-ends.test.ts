import { describe, expect, onTestFinished, test } from "vitest";

import type { HttpServer } from "../config/server-config.ts";
import { approvedClientOf, callOf, callTool, contextFor, textIn } from "../mcp.test.support.ts";
import { createMcpEndpoint } from "../server/create-mcp-endpoint.ts";
import { createMcpServer } from "../server/create-mcp-server.ts";
import type { McpServer } from "../server/create-mcp-server.ts";
import { listenMcp } from "../server/listen.ts";
import type { ServedTool } from "../server/served.ts";

const echo: ServedTool = {
  definition: {
    name: "echo",
    description: "Says it again.",
    inputSchema: { type: "object", properties: { text: { type: "string" } } },
  },
  handle: async ({ text }) => await Promise.resolve({ content: [{ type: "text", text: String(text) }] }),
};

/** A server of ours, listening until the test is over. */
async function serve(): Promise<{ readonly server: McpServer; readonly url: string }> {
  const server = createMcpServer({ name: "ours", version: "1", pageSize: 2 });
  server.addTool(echo);
  const endpoint = await createMcpEndpoint(server, {
    hosts: ["127.0.0.1"],
    findCaller: async () => await Promise.resolve(callOf("somebody")),
  });
  const listener = await listenMcp(endpoint);
  onTestFinished(async () => {
    await endpoint[Symbol.asyncDispose]();
    await listener[Symbol.asyncDispose]();
  });
  return { server, url: listener.url.href };
}

describe.each(["2025-11-25", "2026-07-28"] as const)("both ends of revision %s", (revision) => {
  const configOf = (url: string): HttpServer => ({ transport: "http", url, revision });

  test("understand each other, page by page", async () => {
    const { server, url } = await serve();
    for (const name of ["a", "b", "c", "d"])
      server.addTool({ ...echo, definition: { ...echo.definition, name } });

    const client = await approvedClientOf({ servers: { ours: configOf(url) } });

    expect(client.tools().map(({ name }) => name)).toEqual(
      ["a", "b", "c", "d", "echo"].map((name) => `ours__${name}`),
    );
    expect(textIn((await callTool(client, "ours__echo", { text: "hi" })).result)).toBe("hi");
    const seen = await client.server("ours").inspect(callOf());
    expect(seen).toMatchObject({ revision, serverName: "ours", serverVersion: "1" });
  });

  test("agree on the newest revision when nobody says which", async () => {
    const { url } = await serve();
    const client = await approvedClientOf({ servers: { ours: { transport: "http", url } } });

    expect(await client.server("ours").inspect(callOf())).toMatchObject({ revision: "2026-07-28" });
  });

  test("tell of a change, which quarantines at once", async () => {
    const { server, url } = await serve();
    const client = await approvedClientOf({ servers: { ours: configOf(url) } });
    expect((await callTool(client, "ours__echo", { text: "hi" })).code).toBeUndefined();

    server.removeTool("echo");
    server.addTool({ ...echo, definition: { ...echo.definition, description: "Says it to others." } });

    await expect
      .poll(async () => (await callTool(client, "ours__echo", { text: "hi" })).code, { timeout: 60_000 })
      .toBe("mcp.quarantined");
    server.removeTool("echo");
    server.addTool(echo);
    await expect
      .poll(async () => (await callTool(client, "ours__echo", { text: "hi" })).code, { timeout: 60_000 })
      .toBeUndefined();
  });

  test("tell of a resource that changed, and of a call that nobody waits for any more", async () => {
    const { server, url } = await serve();
    const [started, cancelled] = [Promise.withResolvers<void>(), Promise.withResolvers<boolean>()];
    server.addResource({
      definition: { uri: "tau://one", name: "one" },
      read: async (uri) => await Promise.resolve({ contents: [{ uri, text: "1" }] }),
    });
    server.addTool({
      definition: { ...echo.definition, name: "wait" },
      handle: async (_, { call }) => {
        call.signal.addEventListener("abort", () => cancelled.resolve(true), { once: true });
        started.resolve();
        await cancelled.promise;
        return { content: [] };
      },
    });
    const client = await approvedClientOf({ servers: { ours: configOf(url) } });
    const [watching, waiting] = [new AbortController(), new AbortController()];

    const watched = client
      .server("ours")
      .watchResource("tau://one", callOf("ada", { signal: watching.signal }), () => watching.abort());
    const nudge = setInterval(() => server.resourceUpdated("tau://one"), 20);
    await watched.finally(() => clearInterval(nudge));
    const context = contextFor(callOf("ada", { signal: waiting.signal }));
    const running = callTool(client, "ours__wait", {}, context).catch((error: unknown) => error);
    await started.promise;
    waiting.abort(new Error("enough"));

    expect(await running).toMatchObject({ message: "enough" });
    expect(await cancelled.promise).toBe(true);
  });
});
