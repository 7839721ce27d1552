import { mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { inputRequired, inputResponse } from "@modelcontextprotocol/server";
import { createHostEnvironment } from "@tau/tools";
import type { PersonReply, ToolContext, ToolQuestion } from "@tau/tools";
import { describe, expect, onTestFinished, test } from "vitest";

import type { McpServerConfig } from "../config/server-config.ts";
import { approvedClientOf, callOf, callTool, contextFor, textIn } from "../mcp.test.support.ts";
import { createMcpServer } from "../server/create-mcp-server.ts";
import { caller, serve } from "../server/server.test.support.ts";
import { askInRun } from "./ask-in-run.ts";
import { createCallAskers } from "./call-askers.ts";
import type { McpClient } from "./create-mcp-client.ts";

const requestedSchema = {
  type: "object" as const,
  properties: { word: { type: "string" as const } },
  required: ["word"],
};

/** Over HTTP a question comes within the answer to a call. */
async function overHttp(revision: "2025-11-25" | "2026-07-28"): Promise<McpServerConfig> {
  const server = createMcpServer({ name: "asking", version: "1" });
  server.addTool({
    definition: { name: "ask", inputSchema: { type: "object" } },
    handle: async ({ who }, { protocol }) => {
      const said = inputResponse(protocol.mcpReq.inputResponses, "word");
      if (said.kind === "elicit") return { content: [{ type: "text", text: JSON.stringify(said.content) }] };
      const word = inputRequired.elicit({ message: `For ${String(who)}?`, requestedSchema });
      return inputRequired({ inputRequests: { word } });
    },
  });
  const url = await serve(server, [caller("ada")]);
  return { transport: "http", url: url.href, revision, headers: { authorization: "env:TOKEN" } };
}

/** Asks when it has as many calls as `together` says, answers `quiet` ones after that. */
const script = `
import { createInterface } from "node:readline";
const say = (message) => console.log(JSON.stringify({ jsonrpc: "2.0", ...message }));
const calls = new Map();
const waiting = [];
for await (const line of createInterface({ input: process.stdin })) {
  const { id, method, params, result, error } = JSON.parse(line);
  if (method === "initialize")
    say({ id, result: { protocolVersion: "2025-11-25", capabilities: { tools: {} }, serverInfo: { name: "asking", version: "1" } } });
  else if (method === "tools/list")
    say({ id, result: { tools: [{ name: "ask", inputSchema: { type: "object" } }] } });
  else if (method === "tools/call") {
    waiting.push({ id, ...params.arguments });
    if (waiting.length < params.arguments.together) continue;
    const all = waiting.splice(0);
    for (const { id, who, quiet } of all) {
      if (quiet) continue;
      calls.set("ask-" + id, id);
      say({ id: "ask-" + id, method: "elicitation/create", params: { message: "For " + who + "?", requestedSchema: ${JSON.stringify(requestedSchema)} } });
    }
    for (const { id, quiet } of all) if (quiet) say({ id, result: { content: [{ type: "text", text: "quiet" }] } });
  } else if (calls.has(id))
    say({ id: calls.get(id), result: { isError: error !== undefined, content: [{ type: "text", text: error?.message ?? JSON.stringify(result.content) }] } });
  else if (id !== undefined) say({ id, error: { code: -32601, message: "No" } });
}
`;

async function overPipes(): Promise<{ readonly config: McpServerConfig; readonly folder: string }> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), "tau-mcp-askers-")));
  onTestFinished(async () => await rm(folder, { recursive: true, force: true }));
  await writeFile(join(folder, "server.mjs"), script);
  return { config: { transport: "stdio", command: [process.execPath, join(folder, "server.mjs")] }, folder };
}

async function clientOf(config: McpServerConfig, workspace = "/"): Promise<McpClient> {
  return await approvedClientOf({
    servers: { asking: config },
    ask: askInRun(),
    resolveSecret: async () => "Bearer ada",
    openHost: async () =>
      createHostEnvironment({ profile: { access: "read-only", workspace, network: false } }),
  });
}

interface Asked {
  readonly by: string;
  readonly question: string;
}

/** Calls whose questions are answered with their own name, once as many were asked as `together`. */
function callers(client: McpClient, together: number) {
  const asked: Asked[] = [];
  const all = Promise.withResolvers<void>();
  const askOf =
    (by: string): NonNullable<ToolContext["ask"]> =>
    async ({ summary }: ToolQuestion): Promise<PersonReply> => {
      asked.push({ by, question: summary });
      if (asked.length >= together) all.resolve();
      await all.promise;
      return { answer: "answer", note: by, by: "ada" };
    };
  const call = async (who: string, more: { readonly together?: number; readonly quiet?: boolean } = {}) => {
    const context = { ...contextFor(callOf()), ask: askOf(who) };
    return textIn((await callTool(client, "asking__ask", { who, together: 1, ...more }, context)).result);
  };
  return { asked, call };
}

const asks = (who: string): Asked => ({ by: who, question: `The MCP server "asking" asks: For ${who}?` });

describe("calls of one session at once", () => {
  test.each(["2025-11-25", "2026-07-28"] as const)(
    "are asked for their own questions over HTTP, %s",
    async (revision) => {
      const { asked, call } = callers(await clientOf(await overHttp(revision)), 3);

      const answers = await Promise.all(["ada", "bob", "eve"].map(async (who) => await call(who)));

      expect(answers).toEqual(['{"word":"ada"}', '{"word":"bob"}', '{"word":"eve"}']);
      expect(asked.toSorted((a, b) => (a.by < b.by ? -1 : 1))).toEqual(["ada", "bob", "eve"].map(asks));
    },
  );

  test("have a question over a pipe wait until it can be for one of them only", async () => {
    const { config, folder } = await overPipes();
    const { asked, call } = callers(await clientOf(config, folder), 1);

    const answers = await Promise.all([
      call("ada", { together: 2 }),
      call("bob", { together: 2, quiet: true }),
    ]);

    expect(answers).toEqual(['{"word":"ada"}', "quiet"]);
    expect(asked).toEqual([asks("ada")]);
  });

  test("are told when all of them ask over a pipe, and go one by one from then on", async () => {
    const { config, folder } = await overPipes();
    const { asked, call } = callers(await clientOf(config, folder), 1);

    const refused = await Promise.all([call("ada", { together: 2 }), call("bob", { together: 2 })]);
    // Whichever is left alone may be asked; neither gets the question of the other.
    expect(refused.join()).toContain("call again");
    for (const { by, question } of asked) expect(question).toBe(asks(by).question);
    asked.splice(0);
    const answers = await Promise.all([call("ada"), call("bob")]);

    expect(answers).toEqual(['{"word":"ada"}', '{"word":"bob"}']);
    expect(asked).toEqual([asks("ada"), asks("bob")]);
  });
});

describe("createCallAskers()", () => {
  test("says which questions it cannot tell apart, and gives the one that is left its call", async () => {
    const { signal } = callOf();
    const askers = createCallAskers();
    const [first, second] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const ask = async (): Promise<PersonReply> => ({ answer: "answer", by: "ada" });
    const calls = [
      askers.during(ask, async () => await first.promise, signal),
      askers.during(undefined, async () => await second.promise, signal),
    ];

    const waiting = askers.find("inn", signal);
    await expect(askers.find("inn", signal)).rejects.toMatchObject({ code: "mcp.ambiguous_question" });
    second.resolve();

    expect(await waiting).toBe(ask);
    first.resolve();
    await Promise.all(calls);
    expect(await askers.find("inn", signal)).toBeUndefined();
  });
});
