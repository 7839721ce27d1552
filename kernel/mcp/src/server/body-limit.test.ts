import { describe, expect, test } from "vitest";

import { createMcpServer } from "./create-mcp-server.ts";
import { caller, serve } from "./server.test.support.ts";

const params = {
  initialize: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "t", version: "1" } },
  "server/discover": {
    _meta: {
      "io.modelcontextprotocol/protocolVersion": "2026-07-28",
      "io.modelcontextprotocol/clientInfo": { name: "t", version: "1" },
      "io.modelcontextprotocol/clientCapabilities": {},
    },
  },
} as const;

/** A request that is longer than it need be, in one piece or in chunks of which nobody says how many come. */
async function post(
  url: URL,
  method: keyof typeof params,
  chars: number,
  inChunks = false,
): Promise<Response> {
  const text = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params: params[method] }) + " ".repeat(chars);
  const headers = {
    authorization: "Bearer ada",
    accept: "application/json, text/event-stream",
    "content-type": "application/json",
    ...(method === "initialize" ? {} : { "mcp-protocol-version": "2026-07-28", "mcp-method": method }),
  };
  const body = inChunks
    ? ReadableStream.from(text.match(/.{1,65536}/gu) ?? []).pipeThrough(new TextEncoderStream())
    : text;
  return await fetch(url, { method: "POST", headers, body, duplex: "half" });
}

describe.each(["initialize", "server/discover"] as const)("createMcpEndpoint() at %s", (method) => {
  test("refuses a body above the limit with 413 and says the limit, however it arrives", async () => {
    const server = createMcpServer({ name: "test", version: "1" });
    const url = await serve(server, [caller("ada")], { maxBodyBytes: 10_000 });

    expect((await post(url, method, 9_000)).status).toBe(200);
    for (const inChunks of [false, true]) {
      const refused = await post(url, method, 3_000_000, inChunks);
      expect(refused.status).toBe(413);
      expect(await refused.json()).toMatchObject({
        error: { message: expect.stringContaining("10000 bytes") },
      });
    }
    expect((await post(url, method, 9_000)).status).toBe(200);
  });

  test("takes 4 MiB where nobody says otherwise, and more where somebody does", async () => {
    const server = createMcpServer({ name: "test", version: "1" });
    const usual = await serve(server, [caller("ada")]);
    const wide = await serve(server, [caller("ada")], { maxBodyBytes: 8_000_000 });

    expect((await post(usual, method, 4_000_000)).status).toBe(200);
    expect((await post(usual, method, 4_200_000)).status).toBe(413);
    expect((await post(wide, method, 6_000_000)).status).toBe(200);
  });
});
