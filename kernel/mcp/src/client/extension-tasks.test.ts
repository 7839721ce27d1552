import type { Json, JsonObject } from "@tau/core";
import { describe, expect, test } from "vitest";

import { approvedClientOf, callOf, callTool, contextFor, startServer, textIn } from "../mcp.test.support.ts";
import type { Handler, TestServer } from "../mcp.test.support.ts";
import type { PersonRequest } from "./ask-person.ts";

const done = { content: [{ type: "text", text: "Hello, Ada!" }] };
const form = {
  method: "elicitation/create",
  params: {
    mode: "form",
    message: "Who?",
    requestedSchema: { type: "object", properties: { name: { type: "string" } }, required: ["name"] },
  },
};

/** A server of revision 2026-07-28 that answers every call with a task, whose states are `states`, one a look. */
async function startTasks(states: readonly JsonObject[], first: JsonObject = {}): Promise<TestServer> {
  const complete = (result: JsonObject): JsonObject => ({ resultType: "complete", ...result });
  const task = (state: JsonObject): JsonObject => ({
    taskId: "t1",
    status: "working",
    createdAt: "2026-07-28T00:00:00Z",
    lastUpdatedAt: "2026-07-28T00:00:00Z",
    ttlMs: null,
    pollIntervalMs: 1,
    ...state,
  });
  const rest = [...states];
  const handlers: Readonly<Record<string, Handler>> = {
    "server/discover": () =>
      complete({
        supportedVersions: ["2026-07-28"],
        capabilities: { tools: {}, extensions: { "io.modelcontextprotocol/tasks": {} } },
        serverInfo: { name: "tasks", version: "1" },
        ttlMs: 0,
        cacheScope: "private",
      }),
    "tools/list": () => complete({ tools: server.tools, ttlMs: 0, cacheScope: "private" }),
    "tools/call": () => ({ ...task(first), resultType: "task" }),
    "tasks/get": () => complete(task((rest.length > 1 ? rest.shift() : rest[0]) ?? {})),
    "tasks/update": () => complete({}),
    "tasks/cancel": () => complete({}),
  };
  const server = await startServer(handlers);
  return server;
}

async function outcomeOf(
  server: TestServer,
  answers: readonly string[] = [],
): Promise<{
  readonly text: string;
  readonly code: string | undefined;
  readonly isError: boolean;
  readonly asked: readonly PersonRequest[];
}> {
  const asked: PersonRequest[] = [];
  const client = await approvedClientOf({
    servers: { work: { transport: "http", url: server.url, revision: "2026-07-28" } },
    ask: async (request) => {
      const name: Json = answers[asked.length] ?? "nobody";
      asked.push(request);
      return await Promise.resolve({ action: "accept", content: { name } });
    },
  });
  const { result, code } = await callTool(client, "work__echo", {});
  return { text: textIn(result), code, isError: result.isError, asked };
}

function sent({ seen }: TestServer, wanted: string): readonly JsonObject[] {
  return seen.flatMap(({ method, params }) => (method === wanted ? [params] : []));
}

describe("a call that is answered with a task of revision 2026-07-28", () => {
  test("is looked after until it is done, and each of its questions is answered once", async () => {
    const asking = { status: "input_required", inputRequests: { name: form } };
    const server = await startTasks([{}, asking, asking, {}, { status: "completed", result: done }]);

    const { text, isError, asked } = await outcomeOf(server, ["Ada"]);

    expect([text, isError]).toEqual(["Hello, Ada!", false]);
    expect(asked).toMatchObject([{ kind: "form", server: "work", message: "Who?" }]);
    expect(sent(server, "tasks/update")).toMatchObject([
      { taskId: "t1", inputResponses: { name: { action: "accept", content: { name: "Ada" } } } },
    ]);
    const [call] = server.seen.filter(({ method }) => method === "tools/call");
    expect(call?.body).toContain('"extensions":{"io.modelcontextprotocol/tasks":{}}');
    // Whoever routes by headers finds the task.
    const looks = server.seen.filter(({ method }) => method === "tasks/get");
    expect(looks.map(({ headers }) => headers["mcp-name"])).toEqual(looks.map(() => "t1"));
  });

  test("may be done at once", async () => {
    const server = await startTasks([], { status: "completed", result: done });

    expect(await outcomeOf(server)).toMatchObject({ text: "Hello, Ada!", isError: false });
    expect(sent(server, "tasks/get")).toEqual([]);
  });

  test.each<[string, JsonObject, string]>([
    [
      "its error, as the server's words",
      { status: "failed", error: { code: -32_603, message: "Broke." } },
      "error -32603: Broke.",
    ],
    ["that the server cancelled it", { status: "cancelled" }, "mcp.invalid_answer: "],
    ["that its result is none", { status: "completed", result: { content: 7 } }, "mcp.invalid_answer: "],
    ["that nobody knows its status", { status: "resting" }, "mcp.invalid_answer: "],
    [
      "that it asks for what is not answered",
      { status: "input_required", inputRequests: { a: { method: "exec", params: {} } } },
      "mcp.invalid_answer: ",
    ],
  ])("ends with %s", async (_, state, text) => {
    const outcome = await outcomeOf(await startTasks([state]));

    expect(outcome.isError).toBe(true);
    expect(outcome.text).toContain(text);
  });

  test("is cancelled at the server when nobody waits for it any more", async () => {
    const server = await startTasks([{}]);
    const client = await approvedClientOf({
      servers: { work: { transport: "http", url: server.url, revision: "2026-07-28" } },
    });
    const leaving = new AbortController();
    const call = callOf("ada", { signal: leaving.signal });
    const calling = callTool(client, "work__echo", {}, contextFor(call)).catch((error: unknown) => error);
    while (sent(server, "tasks/get").length === 0) await new Promise((resolve) => setImmediate(resolve));

    leaving.abort(new Error("Enough."));

    expect(await calling).toBe(leaving.signal.reason);
    while (sent(server, "tasks/cancel").length === 0) await new Promise((resolve) => setImmediate(resolve));
    expect(sent(server, "tasks/cancel")).toMatchObject([{ taskId: "t1" }]);
  });
});
