import { describe, expect, test } from "vitest";

import { guardedFetch, maxMessageBytes } from "./mcp-fetch.ts";
import type { McpFetch } from "./mcp-fetch.ts";

const url = "https://mcp.example/mcp";
const headers = { "x-api-key": "s3cret" };

/** A fetch that answers with these pieces and remembers what it was asked. */
function fakeNetwork(pieces: Iterable<string>): { readonly fetch: McpFetch; readonly sent: Headers[] } {
  const sent: Headers[] = [];
  return {
    sent,
    fetch: async (_, init) => {
      sent.push(new Headers(init?.headers));
      const body = ReadableStream.from(pieces).pipeThrough(new TextEncoderStream());
      return await Promise.resolve(new Response(body, { headers: { "content-type": "text/event-stream" } }));
    },
  };
}

describe("guardedFetch()", () => {
  test("sends the server's headers to the server's origin and to nobody else", async () => {
    const { fetch, sent } = fakeNetwork(["x"]);
    const guarded = guardedFetch({ fetch, url, headers });

    for (const target of [
      "https://mcp.example/other",
      "https://auth.example/token",
      "https://mcp.example:8443/mcp",
      "https://mcp.example.evil/mcp",
      new URL("https://MCP.example/mcp"),
    ])
      await guarded(target, { headers: { accept: "*/*" } });

    expect(sent.map((one) => one.get("x-api-key"))).toEqual(["s3cret", null, null, null, "s3cret"]);
    expect(sent.every((one) => one.get("accept") === "*/*")).toBe(true);
  });

  test("asks nothing without https that a server elsewhere names, but what the configuration names", async () => {
    const { fetch, sent } = fakeNetwork(["x"]);
    const issuer = "http://127.0.0.1:9000";
    const guarded = guardedFetch({ fetch, url, headers, issuer });

    for (const target of ["http://127.0.0.1:9001/token", "http://mcp.example/mcp", "http://169.254.169.254/"])
      await expect(guarded(target)).rejects.toMatchObject({ code: "mcp.authorization_failed" });
    expect(sent).toEqual([]);
    await guarded(`${issuer}/token`);
    await guardedFetch({ fetch, url: "http://127.0.0.1:8000/mcp", headers })("http://127.0.0.1:9001/token");
    expect(sent).toHaveLength(2);
  });

  test("lets a stream of any length through, as long as each event is short", async () => {
    const event = `data: ${"x".repeat(maxMessageBytes / 4)}\r\n\r\n`;
    const { fetch } = fakeNetwork(Array.from({ length: 6 }, () => event));

    const response = await guardedFetch({ fetch, url, headers })(url);

    expect((await response.text()).length).toBe(event.length * 6);
  });

  test("ends a message that is too long, wherever its pieces end", async () => {
    const piece = "x".repeat(1_000_000);
    const { fetch } = fakeNetwork(
      Array.from({ length: maxMessageBytes / 1_000_000 + 1 }, () => `${piece}\n`),
    );

    const response = await guardedFetch({ fetch, url, headers })(url);

    await expect(response.text()).rejects.toMatchObject({ code: "mcp.too_large" });
  });
});
