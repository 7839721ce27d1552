import { Client, specTypeSchemas, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { acceptedContent, inputRequired } from "@modelcontextprotocol/server";
import type { CallToolResult, InputRequest, InputResponses } from "@modelcontextprotocol/server";
import type { JsonObject } from "@tau/core";
import { describe, expect, onTestFinished, test } from "vitest";

import { approvedClientOf, callOf, callTool, contextFor, textIn } from "../mcp.test.support.ts";
import { createMcpServer } from "./create-mcp-server.ts";
import type { McpServer } from "./create-mcp-server.ts";
import { caller, serve } from "./server.test.support.ts";
import { createServerTasks } from "./server-tasks.ts";
import type { TaskWork } from "./server-tasks.ts";

const [ada, bob] = [caller("ada"), caller("bob")];
const said = (text: string, isError = false): CallToolResult => ({
  content: [{ type: "text", text }],
  isError,
});

/** A server with a tool that ends when the test says so, or when it is stopped. */
function working(): {
  readonly server: McpServer;
  readonly end: () => void;
  readonly stopped: Promise<void>;
} {
  const server = createMcpServer({ name: "long", version: "1" });
  const [end, stopped] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  server.addTool({
    definition: { name: "work", inputSchema: { type: "object" } },
    mayBeTask: true,
    async handle({ fails }, { call }) {
      call.signal.addEventListener("abort", () => stopped.resolve(), { once: true });
      await Promise.race([end.promise, stopped.promise]);
      return said(call.signal.aborted ? "stopped" : "worked", fails === true);
    },
  });
  server.addTool({
    definition: { name: "quick", inputSchema: { type: "object" } },
    handle: async () => said("quick"),
  });
  return { server, end: end.resolve, stopped: stopped.promise };
}

const asks = (name: string): InputRequest =>
  inputRequired.elicit({
    message: `Which ${name}?`,
    requestedSchema: { type: "object", properties: { value: { type: "string" } }, required: ["value"] },
  });

const anything = {
  "~standard": { version: 1 as const, vendor: "test", validate: (value: unknown) => ({ value }) },
};

/** Asks as a client of 2025-11-25 in a session of its own does. */
async function session(url: URL, token: string) {
  const client = new Client({ name: "t", version: "1" }, { versionNegotiation: { mode: "legacy" } });
  const requestInit = { headers: { authorization: `Bearer ${token}` } };
  await client.connect(new StreamableHTTPClientTransport(url, { requestInit }));
  onTestFinished(async () => await client.close());
  return {
    client,
    start: async (args: object = {}, task: object = { ttl: 60_000 }) =>
      (
        await client.request(
          { method: "tools/call", params: { name: "work", arguments: args, task } },
          specTypeSchemas.CreateTaskResult,
        )
      ).task,
    ask: async (what: string, params: Record<string, string> = {}) =>
      Object(await client.request({ method: `tasks/${what}`, params }, anything)),
  };
}

describe("tasks of revision 2025-11-25", () => {
  test("go on when their client has gone, and are its caller's alone (T1)", async () => {
    const { server, end } = working();
    const url = await serve(server, [ada, bob]);
    const first = await session(url, "ada");
    const { tools } = await first.client.listTools();
    expect(tools.map(({ name, execution }) => [name, execution?.taskSupport])).toEqual([
      ["quick", undefined],
      ["work", "optional"],
    ]);
    const { taskId, status, ttl } = await first.start();
    expect([status, ttl]).toEqual(["working", 60_000]);
    await first.client.close();

    const back = await session(url, "ada");
    const other = await session(url, "bob");
    for (const what of ["get", "result", "cancel"])
      await expect(other.ask(what, { taskId })).rejects.toThrow("no such task");
    expect(await other.ask("list")).toEqual({ tasks: [] });
    expect(await back.ask("list")).toMatchObject({ tasks: [{ taskId, status: "working" }] });
    const result = back.ask("result", { taskId });
    end();

    expect(await result).toMatchObject({
      content: [{ text: "worked" }],
      _meta: { "io.modelcontextprotocol/related-task": { taskId } },
    });
    expect(await back.ask("get", { taskId })).toMatchObject({ taskId, status: "completed" });
    await expect(back.ask("cancel", { taskId })).rejects.toThrow("has ended");
  });

  test("are cancelled, and failed when the call ends with an error", async () => {
    const { server, end, stopped } = working();
    const { start, ask, client } = await session(await serve(server, [ada]), "ada");
    const { taskId } = await start();

    const waiting = ask("result", { taskId }).catch((error: unknown) => String(error));
    expect(await ask("cancel", { taskId })).toMatchObject({ status: "cancelled" });
    await stopped;
    expect(await waiting).toContain("it was cancelled");
    expect(await ask("get", { taskId })).toMatchObject({ status: "cancelled" });
    end();
    const failing = await start({ fails: true });
    expect(await ask("result", { taskId: failing.taskId })).toMatchObject({ isError: true });
    expect(await ask("get", { taskId: failing.taskId })).toMatchObject({ status: "failed" });
    await expect(
      client.request({ method: "tools/call", params: { name: "quick", task: {} } }, anything),
    ).rejects.toThrow("does not run as a task");
    expect(await client.callTool({ name: "work", arguments: {} })).toMatchObject({
      content: [{ text: "worked" }],
    });
  });
});

/** What a request of 2026-07-28 that declares nothing is answered with. */
async function raw(url: URL, method: string, more: JsonObject = { taskId: "x" }): Promise<string> {
  const response = await fetch(url, {
    method: "POST",
    headers: {
      authorization: "Bearer ada",
      accept: "application/json, text/event-stream",
      "content-type": "application/json",
      "mcp-protocol-version": "2026-07-28",
      "mcp-method": method,
      "mcp-name": typeof more["name"] === "string" ? more["name"] : "x",
    },
    body: JSON.stringify({
      jsonrpc: "2.0",
      id: 1,
      method,
      params: {
        ...more,
        _meta: {
          "io.modelcontextprotocol/protocolVersion": "2026-07-28",
          "io.modelcontextprotocol/clientInfo": { name: "t", version: "1" },
          "io.modelcontextprotocol/clientCapabilities": {},
        },
      },
    }),
  });
  return await response.text();
}

describe("tasks of revision 2026-07-28", () => {
  test("are begun for clients that know them, looked after to their end, and cancelled", async () => {
    const { server, end, stopped } = working();
    const url = await serve(server, [ada]);
    const config = { transport: "http", url: url.href, revision: "2026-07-28" } as const;
    const client = await approvedClientOf({
      servers: { long: { ...config, headers: { authorization: "env:T" } } },
      resolveSecret: async () => "Bearer ada",
    });
    const leaving = new AbortController();

    const context = contextFor(callOf("ada", { signal: leaving.signal }));
    const given = callTool(client, "long__work", {}, context).catch((error: unknown) => error);
    const { ask } = await session(url, "ada");
    await expect.poll(async () => (await ask("list"))["tasks"].length, { timeout: 30_000 }).toBe(1);
    leaving.abort(new Error("enough"));
    await stopped;
    expect(await given).toMatchObject({ message: "enough" });
    await expect
      .poll(async () => (await ask("list"))["tasks"][0].status, { timeout: 30_000 })
      .toBe("cancelled");
    end();

    expect(textIn((await callTool(client, "long__work")).result)).toBe("worked");
    expect(textIn((await callTool(client, "long__quick")).result)).toBe("quick");
    expect((await ask("list"))["tasks"].map(({ status }: { status: string }) => status)).toEqual([
      "cancelled",
      "completed",
    ]);
  });

  test("ask their client what they need, round after round, and remember what they want", async () => {
    const server = createMcpServer({ name: "asking", version: "1" });
    server.addTool({
      definition: { name: "travel", inputSchema: { type: "object" } },
      mayBeTask: "must",
      async handle(_args, { protocol, seal, sealed }) {
        const valueOf = (name: string): unknown =>
          acceptedContent(protocol.mcpReq.inputResponses, name)?.["value"];
        const [from, to] = [valueOf("from"), valueOf("to")];
        if (sealed === undefined && from === undefined)
          return inputRequired({ inputRequests: { from: asks("from") } });
        if (sealed === undefined)
          return inputRequired({
            inputRequests: { to: asks("to") },
            requestState: await seal({ from: String(from) }),
          });
        return said(`${JSON.stringify(sealed)} to ${String(to)}`);
      },
    });
    const url = await serve(server, [ada]);
    const config = { transport: "http", url: url.href, revision: "2026-07-28" } as const;
    const asked: string[] = [];
    const client = await approvedClientOf({
      servers: { trip: { ...config, headers: { authorization: "env:T" } } },
      resolveSecret: async () => "Bearer ada",
      ask: async (request) => {
        asked.push(request.message);
        return { action: "accept", content: { value: asked.length === 1 ? "Rome" : "Oslo" } };
      },
    });

    expect(textIn((await callTool(client, "trip__travel")).result)).toBe('{"from":"Rome"} to Oslo');
    expect(asked).toEqual(["Which from?", "Which to?"]);
    // Whoever knows no tasks is refused, in both revisions.
    const { client: legacy } = await session(url, "ada");
    const { tools } = await legacy.listTools();
    expect(tools.map(({ execution }) => execution?.taskSupport)).toEqual(["required"]);
    await expect(legacy.callTool({ name: "travel", arguments: {} })).rejects.toThrow("as a task only");
    expect(await raw(url, "tools/call", { name: "travel", arguments: {} })).toContain("Missing required");
  });

  test("are not for clients that do not know them", async () => {
    const { server, end } = working();
    end();
    const client = new Client(
      { name: "t", version: "1" },
      { versionNegotiation: { mode: { pin: "2026-07-28" } } },
    );
    const requestInit = { headers: { authorization: "Bearer ada" } };
    const url = await serve(server, [ada]);
    await client.connect(new StreamableHTTPClientTransport(url, { requestInit }));
    onTestFinished(async () => await client.close());

    expect(await client.callTool({ name: "work", arguments: {} })).toMatchObject({
      content: [{ text: "worked" }],
    });
    for (const [method, words] of Object.entries({
      get: "Missing required",
      list: "Method not found",
      result: "Method not found",
    }))
      expect(await raw(url, `tasks/${method}`)).toContain(words);
  });
});

describe("createServerTasks()", () => {
  const forever: TaskWork = async (signal) =>
    await new Promise((_, reject) =>
      signal.addEventListener("abort", () => reject(signal.reason), { once: true }),
    );

  test("forgets and ends what is over, and never changes what has ended (T2)", async () => {
    let at = 0;
    const tasks = createServerTasks({ now: () => at });
    const { taskId } = tasks.start(ada, forever, 5_000);
    const done = tasks.start(ada, async () => said("done"));
    await tasks.ended(ada, done.taskId);

    expect(tasks.cancel(ada, done.taskId)).toMatchObject({ state: "completed" });
    const waiting = tasks.ended(ada, taskId);
    at = 5_000;
    expect(tasks.get(ada, taskId)).toBeUndefined();
    expect((await waiting)?.result).toBeUndefined();
    expect(tasks.list(ada).map((task) => task.taskId)).toEqual([done.taskId]);
    at = 3_600_000;
    expect(tasks.list(ada)).toEqual([]);
  });

  test("goes on with a task when its caller answered all of a round, and nobody else did (T4)", async () => {
    const tasks = createServerTasks();
    const rounds: InputResponses[] = [];
    const work: TaskWork = async (_signal, ask) => {
      rounds.push(await ask({ a: asks("a"), b: asks("b") }));
      rounds.push(await ask({ a: asks("c") }));
      return said("done");
    };
    const { taskId } = tasks.start(ada, work);
    const accept = (value: string): object => ({ action: "accept", content: { value } });
    const open = (): readonly string[] => Object.keys(tasks.get(ada, taskId)?.inputRequests ?? {});

    expect([tasks.get(ada, taskId)?.state, open()]).toEqual(["input_required", ["1:a", "1:b"]]);
    expect(tasks.update(bob, taskId, { "1:a": accept("stolen") })).toBeUndefined();
    tasks.update(ada, taskId, { "1:a": accept("1"), a: accept("?"), __proto__: accept("?") });
    expect([tasks.get(ada, taskId)?.state, open()]).toEqual(["input_required", ["1:b"]]);
    tasks.update(ada, taskId, { "1:a": accept("late"), "1:b": accept("2") });
    await expect.poll(open).toEqual(["2:a"]);
    tasks.update(ada, taskId, { "2:a": accept("3") });

    expect((await tasks.ended(ada, taskId))?.result).toEqual(said("done"));
    expect(rounds).toEqual([{ a: accept("1"), b: accept("2") }, { a: accept("3") }]);
    expect(tasks.update(ada, taskId, { "2:a": accept("late") })).toMatchObject({ state: "completed" });

    const waiting = tasks.start(ada, work);
    expect(tasks.cancel(ada, waiting.taskId)).toMatchObject({ state: "cancelled" });
    expect(tasks.get(ada, waiting.taskId)?.inputRequests).toBeUndefined();
    // A question without questions would wait for ever.
    const empty = tasks.start(ada, async (_signal, ask) => said(JSON.stringify(await ask({}))));
    expect(await tasks.ended(ada, empty.taskId)).toMatchObject({ state: "failed" });
  });

  test("bounds the tasks of a caller, not those of others, and makes room by ended ones (T3)", async () => {
    const tasks = createServerTasks({ maxTasks: 2 });
    const done = tasks.start(ada, async () => said("done"));
    await tasks.ended(ada, done.taskId);
    tasks.start(ada, forever);
    const running = tasks.start(ada, forever);

    expect(tasks.get(ada, done.taskId)).toBeUndefined();
    expect(() => tasks.start(ada, forever)).toThrow(expect.objectContaining({ code: "mcp.too_many_tasks" }));
    expect(tasks.start(bob, forever).state).toBe("working");
    await tasks.endAll();
    expect(tasks.get(ada, running.taskId)).toBeUndefined();
  });
});
