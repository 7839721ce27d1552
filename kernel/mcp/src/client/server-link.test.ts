import type { CallContext } from "@tau/core";
import { describe, expect, test } from "vitest";

import {
  approvedClientOf,
  callOf,
  callTool,
  contextFor,
  echoTool,
  handled,
  RpcError,
  startServer,
  textIn,
} from "../mcp.test.support.ts";
import type { McpClock } from "./clock.ts";

/** A clock that a test moves. */
function createTestClock(): McpClock & { advance(ms: number): void } {
  let now = 0;
  let timers: { readonly at: number; readonly act: () => void }[] = [];
  return {
    now: () => now,
    after(ms, act) {
      const timer = { at: now + ms, act };
      timers.push(timer);
      return () => {
        timers = timers.filter((one) => one !== timer);
      };
    },
    advance(ms) {
      now += ms;
      const due = timers.filter(({ at }) => at <= now);
      timers = timers.filter(({ at }) => at > now);
      for (const { act } of due) act();
    },
  };
}

describe("a server in use", () => {
  test("is connected once for callers that come together, and anew for another session", async () => {
    const server = await startServer();
    const client = await approvedClientOf({ servers: { files: server.config } });
    const count = (): number => server.seen.filter(({ method }) => method === "initialize").length;
    const before = count();

    await Promise.all([callTool(client, "files__echo"), callTool(client, "files__echo")]);
    expect(count()).toBe(before + 1);
    await callTool(client, "files__echo", {}, contextFor(callOf("ada", { sessionId: "s2" })));
    await callTool(client, "files__echo", {}, contextFor(callOf("eve")));
    await callTool(client, "files__echo", {}, contextFor(callOf("ada", { tenant: "other" })));
    expect(count()).toBe(before + 4);
  });

  test("is stopped for others when too many run that nobody uses, the one that was used longest ago first", async () => {
    const server = await startServer();
    const client = await approvedClientOf({ servers: { files: server.config } });
    const sessions = Array.from({ length: 260 }, (_, index) => callOf("ada", { sessionId: `s${index}` }));
    const use = async (call: CallContext): Promise<string | undefined> =>
      (await callTool(client, "files__echo", {}, contextFor(call))).code;
    const [first, second, ...others] = sessions;
    if (first === undefined || second === undefined) throw new TypeError("There are no sessions.");
    for (const call of [first, second, first, ...others, first]) expect(await use(call)).toBeUndefined();

    const { isConnected } = client.server("files");
    expect(sessions.filter((call) => isConnected(call))).toHaveLength(256);
    expect([first, second].map((call) => isConnected(call))).toEqual([true, false]);
    expect(await use(second)).toBeUndefined();
  });

  test("is stopped when nobody used it for a while, and started again at the next call", async () => {
    const clock = createTestClock();
    const server = await startServer();
    const client = await approvedClientOf({ servers: { files: { ...server.config, idleMs: 1_000 } }, clock });
    await callTool(client, "files__echo");
    const handle = client.server("files");
    expect(handle.isConnected(callOf())).toBe(true);

    clock.advance(999);
    expect(handle.isConnected(callOf())).toBe(true);
    clock.advance(1);
    expect(handle.isConnected(callOf())).toBe(false);
    const { code } = await callTool(client, "files__echo");
    expect(code).toBeUndefined();
  });

  test("is asked again what it defines when that was long ago", async () => {
    const clock = createTestClock();
    const server = await startServer();
    const client = await approvedClientOf({
      servers: { files: { ...server.config, idleMs: 9_999_999 } },
      clock,
    });
    expect((await callTool(client, "files__echo")).code).toBeUndefined();
    server.tools = [{ ...echoTool, title: "Another" }];

    expect((await callTool(client, "files__echo")).code).toBeUndefined();
    clock.advance(300_001);
    expect((await callTool(client, "files__echo")).code).toBe("mcp.quarantined");
  });

  test("that forgot the session gets a new one, and the call", async () => {
    let sessions = 0;
    let isForgotten = false;
    const server = await startServer({
      "tools/call": (_, { response }) => {
        if (!isForgotten) return { content: [] };
        isForgotten = false;
        response.writeHead(404).end("no such session");
        return handled;
      },
    });
    const client = await approvedClientOf({ servers: { files: server.config } });
    await callTool(client, "files__echo");
    sessions = server.seen.filter(({ method }) => method === "initialize").length;
    isForgotten = true;

    const { code } = await callTool(client, "files__echo");

    expect(code).toBeUndefined();
    expect(server.seen.filter(({ method }) => method === "initialize")).toHaveLength(sessions + 1);
  });

  test("that is gone is an error of the call, and is not tried again at once, but later", async () => {
    const clock = createTestClock();
    let isDown = false;
    const server = await startServer({
      initialize: (_, { response }) => {
        if (isDown) {
          response.writeHead(503).end();
          return handled;
        }
        return {
          protocolVersion: "2025-11-25",
          capabilities: { tools: {} },
          serverInfo: { name: "test", version: "1" },
        };
      },
    });
    const config = { ...server.config, revision: "2025-11-25" } as const;
    const client = await approvedClientOf({ servers: { files: config }, clock });
    isDown = true;
    const attempts = (): number => server.seen.filter(({ method }) => method === "initialize").length;
    const before = attempts();

    expect((await callTool(client, "files__echo")).code).toBe("mcp.unavailable");
    expect(attempts()).toBe(before + 1);
    const { result } = await callTool(client, "files__echo");
    expect(textIn(result)).toContain("not tried again for 1 s");
    expect(attempts()).toBe(before + 1);
    clock.advance(1_000);
    expect((await callTool(client, "files__echo")).code).toBe("mcp.unavailable");
    clock.advance(1_000);
    expect(textIn((await callTool(client, "files__echo")).result)).toContain("for 1 s");
    isDown = false;
    clock.advance(1_000);
    expect((await callTool(client, "files__echo")).code).toBeUndefined();
  });

  test("that does not answer is given up, and told so", async () => {
    const server = await startServer({ "tools/call": () => handled });
    const config = { ...server.config, tools: { echo: { timeoutMs: 60_000 } }, timeoutMs: 60_000 };
    const client = await approvedClientOf({ servers: { files: config } });
    const giveUp = new AbortController();
    const reason = new Error("enough");
    const running = callTool(client, "files__echo", {}, contextFor(callOf("ada", { signal: giveUp.signal })));
    await expect.poll(() => server.seen.some(({ method }) => method === "tools/call")).toBe(true);

    giveUp.abort(reason);

    await expect(running).rejects.toBe(reason);
    await expect
      .poll(() => server.seen.some(({ method }) => method === "notifications/cancelled"))
      .toBe(true);
  });

  test("that takes longer than it may is timed out", async () => {
    const server = await startServer({ "prompts/list": () => handled });
    const servers = { files: { ...server.config, timeoutMs: 200 } };

    await expect(approvedClientOf({ servers })).rejects.toMatchObject({ code: "mcp.timeout" });
  });

  test("answers nobody any more once the client is closed", async () => {
    const server = await startServer();
    const client = await approvedClientOf({ servers: { files: server.config } });
    await callTool(client, "files__echo");

    await client[Symbol.asyncDispose]();

    expect((await callTool(client, "files__echo")).code).toBe("mcp.unavailable");
  });

  test("may list without an end, or more than is taken, and is refused", async () => {
    let pages = 0;
    const endless = await startServer({
      "tools/list": () => ({ tools: [{ ...echoTool, name: `t${pages}` }], nextCursor: `${pages++}` }),
    });
    const huge = await startServer();
    huge.tools = [{ ...echoTool, description: "x".repeat(100_001) }];
    const many = await startServer();
    many.tools = Array.from({ length: 1_001 }, (_, index) => ({ ...echoTool, name: `t${index}` }));

    for (const { config } of [endless, huge, many]) {
      await expect(approvedClientOf({ servers: { files: config } })).rejects.toMatchObject({
        code: "mcp.too_large",
      });
    }
  });

  test("may not send a message without an end", async () => {
    const server = await startServer({
      "tools/call": (_, { response }) => {
        response.writeHead(200, { "content-type": "application/json" });
        const chunk = Buffer.alloc(1_000_000, "x");
        const more = (): void => {
          while (response.writable && response.write(chunk));
        };
        response.on("drain", more);
        more();
        return handled;
      },
    });
    const client = await approvedClientOf({ servers: { files: server.config } });

    const { code } = await callTool(client, "files__echo");

    expect(code).toBe("mcp.too_large");
  });

  test("says what it logs, with what is hidden shown", async () => {
    const { promise, resolve } = Promise.withResolvers<unknown>();
    const server = await startServer({
      "tools/call": (_, { id, response }) => {
        response.writeHead(200, { "content-type": "text/event-stream" });
        const messages = [
          { method: "notifications/message", params: { level: "warning", logger: "db", data: "sl\u200bow" } },
          { id, result: { content: [] } },
        ];
        for (const message of messages)
          response.write(`data: ${JSON.stringify({ jsonrpc: "2.0", ...message })}\n\n`);
        response.end();
        return handled;
      },
    });
    const client = await approvedClientOf({
      servers: { files: server.config },
      logLevel: "warning",
      onLog: resolve,
    });
    await callTool(client, "files__echo");

    await expect(promise).resolves.toEqual({ server: "files", level: "warning", text: "db sl⟨U+200B⟩ow" });
    expect(server.seen.find(({ method }) => method === "logging/setLevel")?.params).toMatchObject({
      level: "warning",
    });
  });

  test("may not have what is asked for", async () => {
    const server = await startServer({ "resources/list": () => new RpcError(-32_601, "No such method") });
    const client = await approvedClientOf({ servers: { files: server.config } });

    await expect(client.server("files").listResources(callOf())).rejects.toMatchObject({
      code: "mcp.unsupported",
    });
  });
});
