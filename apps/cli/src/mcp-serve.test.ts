import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { createCallContext } from "@tau/core";
import { createMcpServer, createMcpEndpoint, listenMcp } from "@tau/mcp";
import { describe, expect, test } from "vitest";

import { createPlace, startScripted } from "./cli.test.support.ts";
import type { Place, Running } from "./cli.test.support.ts";

interface Answer {
  readonly id: number;
  readonly result: {
    readonly tools?: readonly { readonly name: string }[];
    readonly task?: { readonly taskId: string };
  };
}

/** Speaks to a server over its standard input and output, as a client of 2025-11-25 does. */
function speak(running: Running) {
  let id = 0;
  const say = (message: object): boolean =>
    running.child.stdin?.write(`${JSON.stringify(message)}\n`) ?? false;
  const ask = async (method: string, params: object): Promise<Answer> => {
    id += 1;
    const mine = id;
    say({ jsonrpc: "2.0", id: mine, method, params });
    await running.until(`"id":${mine}`);
    await running.until("\n");
    const line =
      running
        .output()
        .split("\n")
        .find((one) => one.includes(`"id":${mine}`)) ?? "{}";
    const answer: Answer = JSON.parse(line);
    return answer;
  };
  return {
    ask,
    say,
    async open(capabilities: object = {}) {
      const params = {
        protocolVersion: "2025-11-25",
        capabilities,
        clientInfo: { name: "t", version: "1" },
      };
      await ask("initialize", params);
      say({ jsonrpc: "2.0", method: "notifications/initialized" });
    },
    use: async (name: string, args: object) =>
      JSON.stringify((await ask("tools/call", { name, arguments: args })).result),
  };
}

async function auditOf(place: Place): Promise<string> {
  return await readFile(join(place.env["TAU_HOME"] ?? "", "mcp-calls.jsonl"), "utf8");
}

describe("tau mcp serve", () => {
  test("offers the files of the folder over stdio, in a jail and under the rules, and writes every call down", async () => {
    await using place = await createPlace("/var/tmp");
    await place.write("a.txt", "hello");
    const running = place.spawn(["mcp", "serve", "files", "--profile", "read-only"]);
    const { open, ask, use } = speak(running);
    await open();
    const { result } = await ask("tools/list", {});

    expect(result.tools?.map(({ name }) => name)).toEqual([
      "dir_create",
      "dir_list",
      "file_delete",
      "file_read",
      "file_write",
    ]);
    expect(await use("file_read", { path: "a.txt" })).toContain("hello");
    expect(await use("file_write", { path: "b.txt", content: "x" })).toContain("tool.denied");
    expect(await use("file_read", { path: "/etc/passwd" })).toContain("tool.denied");
    running.child.stdin?.end();
    expect(await running.ended).toMatchObject({ code: 0, stderr: "" });
    expect(
      (await auditOf(place))
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line)),
    ).toMatchObject([
      { tenant: "local", principal: "tester", tool: "file_read", outcome: "answered" },
      { tool: "file_write", outcome: "denied" },
      { tool: "file_read", outcome: "denied" },
    ]);
  });

  test("offers optional tools that are named, closed with it and under the rules, and no others", async () => {
    await using place = await createPlace("/var/tmp");
    await place.write("a.txt", "hello");
    const running = place.spawn(["mcp", "serve", "tools", "--with", "git,python", "--profile", "read-only"]);
    const { open, ask, use } = speak(running);
    await open();
    const names = (await ask("tools/list", {})).result.tools?.map(({ name }) => name) ?? [];

    expect(names).toEqual(expect.arrayContaining(["bash", "read", "git_read", "git_publish", "python"]));
    // On by default for agents of this machine, not for programs.
    expect(names).not.toContain("fetch");
    // Nobody to talk to.
    for (const name of ["ask_user", "notify", "idle"]) expect(names).not.toContain(name);
    expect(await use("git_publish", { action: "push" })).toMatch(/tool\.denied|isError/u);
    running.child.stdin?.end();
    expect((await running.ended).code).toBe(0);
    const bound = await place.tau(["mcp", "serve", "tools", "--with", "script,planning"]);
    expect([bound.code, bound.stderr]).toEqual([2, expect.stringContaining("do not work: script, planning")]);
    expect((await place.tau(["mcp", "serve", "tools", "--with", "nonsense"])).code).toBe(2);
  });

  test("has a client that can ask its person ask what ask_user asks", async () => {
    await using place = await createPlace("/var/tmp");
    const running = place.spawn(["mcp", "serve", "tools"]);
    const { open, ask, say } = speak(running);
    const question = { question: "Red or blue?" };
    await open({ elicitation: {} });
    const names = (await ask("tools/list", {})).result.tools?.map(({ name }) => name) ?? [];
    expect(names).toContain("ask_user");
    expect(names).not.toContain("notify");

    say({ jsonrpc: "2.0", id: 99, method: "tools/call", params: { name: "ask_user", arguments: question } });
    await running.until('"id":0}\n');
    const lines = running.output().trimEnd().split("\n");
    expect(JSON.parse(lines.at(-1) ?? "")).toMatchObject({
      method: "elicitation/create",
      params: { message: "Red or blue?" },
    });
    say({ jsonrpc: "2.0", id: 0, result: { action: "accept", content: { answer: "Red" } } });

    await running.until('"text":"Red"');
    running.child.stdin?.end();
    expect((await running.ended).code).toBe(0);
  });

  test("refuses requests above --max-body-bytes", async () => {
    await using place = await createPlace("/var/tmp");
    const options = ["--port", "0", "--max-body-bytes", "2000"];
    const running = place.spawn(["mcp", "serve", "files", ...options]);
    const [said] = await once(running.child.stderr ?? running.child, "data");
    const [url = ""] = /http:\S+\/mcp/u.exec(String(said)) ?? [];
    const headers = { "content-type": "application/json", accept: "application/json, text/event-stream" };

    const refused = await fetch(url, { method: "POST", headers, body: `{"x":"${"y".repeat(2_000)}"}` });

    expect([refused.status, await refused.text()]).toEqual([413, expect.stringContaining("2000 bytes")]);
    running.child.kill("SIGTERM");
    await running.ended;
    expect((await place.tau(["mcp", "serve", "files", "--port", "0", "--max-body-bytes", "no"])).code).toBe(
      2,
    );
  });

  test("offers an agent", async () => {
    await using place = await createPlace("/var/tmp");
    await using model = await startScripted({ turns: [{ text: "Four." }] });
    const running = place.spawn(["mcp", "serve", "runtime", ...model.options]);
    const { open, use } = speak(running);
    await open();

    // Running an agent is nobody's to allow but a rule's.
    expect(await use("agent_run", { prompt: "2 + 2?" })).toContain("tool.denied");
    running.child.stdin?.end();
    await running.ended;
    await place.write("tau.toml", '[permissions]\nallow = ["agent_run"]\n');
    await place.tau(["trust", "--yes"]);
    const allowed = place.spawn(["mcp", "serve", "runtime", ...model.options]);
    const client = speak(allowed);
    await client.open();
    expect(await client.use("agent_run", { prompt: "2 + 2?" })).toContain("Four.");
    expect(await client.use("session_list", {})).toContain("completed");
    // Whoever does not wait has it go on as a task.
    const call = { name: "agent_run", arguments: { prompt: "And 3 + 3?" }, task: { ttl: 60_000 } };
    const { task } = (await client.ask("tools/call", call)).result;
    expect(task).toMatchObject({ status: "working", ttl: 60_000 });
    const { result } = await client.ask("tasks/result", { taskId: task?.taskId });
    expect(JSON.stringify(result)).toContain('reason\\":\\"answered');
    allowed.child.stdin?.end();
    expect((await allowed.ended).code).toBe(0);
  });

  test("says what can be served, and wants a token where others could reach it", async () => {
    await using place = await createPlace();

    expect(await place.tau(["mcp", "serve", "everything"])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("serve files"),
    });
    expect(await place.tau(["mcp", "serve", "-e", "host", "--port", "0", "--host", "0.0.0.0"])).toMatchObject(
      {
        code: 2,
        stderr: expect.stringContaining("--token"),
      },
    );
  });
});

describe("tau mcp gateway", () => {
  test("offers what a person approved of other servers through one address, to whoever has the token", async () => {
    const server = createMcpServer({ name: "greeter", version: "1" });
    server.addTool({
      definition: { name: "greet", description: "Greets.", inputSchema: { type: "object" } },
      handle: async () => ({ content: [{ type: "text", text: "Hello from behind" }] }),
    });
    server.addPrompt({
      definition: { name: "welcome", arguments: [{ name: "who", required: true }] },
      get: async ({ who = "" }) => ({
        messages: [{ role: "user", content: { type: "text", text: `Welcome ${who}.` } }],
      }),
    });
    const call = createCallContext({
      tenant: "t",
      principal: { id: "gateway", kind: "service", scopes: [] },
    });
    await using endpoint = await createMcpEndpoint(server, {
      hosts: ["127.0.0.1"],
      findCaller: async () => call,
    });
    await using listener = await listenMcp(endpoint);
    await using place = await createPlace();
    expect((await place.tau(["mcp", "gateway", "-e", "host"])).stderr).toContain("no MCP servers here");
    await place.write(
      "tau.toml",
      `[permissions]\nallow = ["greeter__greet"]\n\n[mcp.servers.greeter]\nurl = "${listener.url.href}"\n`,
    );
    await place.tau(["trust", "--yes"]);
    expect((await place.tau(["mcp", "gateway", "-e", "host"])).stderr).toContain("approve it");
    expect((await place.tau(["mcp", "approve", "greeter", "--yes"])).code).toBe(0);

    expect((await place.tau(["mcp", "prompt", "greeter"])).stdout).toContain("welcome who");
    expect((await place.tau(["mcp", "prompt", "greeter", "welcome", "who=Bob"])).stdout).toBe(
      "Welcome Bob.\n",
    );
    expect(await place.tau(["mcp", "prompt", "greeter", "welcome", "Bob"])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("name=value"),
    });

    const running = place.spawn(["mcp", "gateway", "-e", "host"], { env: {} });
    const { open, ask, use } = speak(running);
    await open();
    expect((await ask("tools/list", {})).result.tools?.map(({ name }) => name)).toEqual(["greeter__greet"]);
    expect(await use("greeter__greet", {})).toContain("Hello from behind");
    expect((await ask("prompts/list", {})).result).toMatchObject({
      prompts: [{ name: "greeter__welcome", arguments: [{ name: "who", required: true }] }],
    });
    const prompt = { name: "greeter__welcome", arguments: { who: "Ada" } };
    expect((await ask("prompts/get", prompt)).result).toMatchObject({
      messages: [{ role: "user", content: { type: "text", text: "Welcome Ada." } }],
    });
    running.child.stdin?.end();
    expect((await running.ended).code).toBe(0);
    expect(await auditOf(place)).toContain('"tool":"greeter__greet","outcome":"answered"');
  });
});
