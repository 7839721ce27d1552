import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import type { ElicitRequest, ElicitResult } from "@modelcontextprotocol/client";
import { createAskUserTool, createToolRegistry } from "@tau/tools";
import { describe, expect, onTestFinished, test } from "vitest";

import { createMcpServer } from "./create-mcp-server.ts";
import { offerTools } from "./offer-tools.ts";
import type { CallAudit } from "./offer-tools.ts";
import { caller, serve, toolOptions } from "./server.test.support.ts";

const question = { question: "Which one?", options: ["red", "blue"] };

describe.each(["legacy", { pin: "2026-07-28" }] as const)("offerTools() of a tool that asks, %s", (mode) => {
  /** A client whose person says this; absent: a client without anybody to ask. */
  async function clientOf(url: URL, say?: (asked: ElicitRequest["params"]) => ElicitResult): Promise<Client> {
    const capabilities = say === undefined ? {} : { elicitation: { form: {} } };
    const client = new Client({ name: "t", version: "1" }, { capabilities, versionNegotiation: { mode } });
    if (say !== undefined) client.setRequestHandler("elicitation/create", ({ params }) => say(params));
    const requestInit = { headers: { authorization: "Bearer ada" } };
    await client.connect(new StreamableHTTPClientTransport(url, { requestInit }));
    onTestFinished(async () => await client.close());
    return client;
  }

  async function served(): Promise<{ readonly url: URL; readonly audit: CallAudit[] }> {
    const audit: CallAudit[] = [];
    const server = createMcpServer({ name: "test", version: "1" });
    const options = await toolOptions(createToolRegistry({ tools: [createAskUserTool()] }));
    offerTools(server, { ...options, audit: (entry) => audit.push(entry) });
    return { url: await serve(server, [caller("ada")]), audit };
  }

  test("has the client ask its person, whose words are the result", async () => {
    const { url, audit } = await served();
    const asked: ElicitRequest["params"][] = [];
    const client = await clientOf(url, (params) => {
      asked.push(params);
      return { action: "accept", content: { answer: "green" } };
    });

    expect((await client.listTools()).tools.map(({ name }) => name)).toEqual(["ask_user"]);
    expect(await client.callTool({ name: "ask_user", arguments: question })).toMatchObject({
      content: [{ type: "text", text: "green" }],
      isError: false,
    });
    expect(asked).toMatchObject([{ message: "Which one?\n- red\n- blue" }]);
    expect(audit.map(({ outcome }) => outcome)).toEqual(["asked", "answered"]);
  });

  test.each([
    ["decline", "does not want to answer"],
    ["cancel", "Nobody answered"],
  ] as const)("tells of a person who says %s", async (action, words) => {
    const { url } = await served();
    const client = await clientOf(url, () => ({ action }));

    const { content, isError } = await client.callTool({ name: "ask_user", arguments: question });

    expect(content).toMatchObject([{ text: expect.stringContaining(words) }]);
    expect(isError).toBe(true);
  });

  test("is neither shown to nor called by a client that cannot ask", async () => {
    const { url } = await served();
    const client = await clientOf(url);

    expect((await client.listTools()).tools).toEqual([]);
    await expect(client.callTool({ name: "ask_user", arguments: question })).rejects.toThrow("no tool");
  });
});
