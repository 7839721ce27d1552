import { mkdir, writeFile, readFile, symlink } from "node:fs/promises";
import { join } from "node:path";

import { createToolRegistry, defineTool } from "@tau/tools";
import { describe, expect, test } from "vitest";

import { createMcpServer } from "./create-mcp-server.ts";
import type { McpServer } from "./create-mcp-server.ts";
import { createFileTools, offerFiles } from "./filesystem-server.ts";
import { offerTools } from "./offer-tools.ts";
import type { CallAudit } from "./offer-tools.ts";
import { createRateLimiter } from "./rate-limit.ts";
import { serveMcpStdio } from "./serve-stdio.ts";
import { createMcpServerManager } from "./server-manager.ts";
import { caller, connect, pipes, serve, toolOptions } from "./server.test.support.ts";

const [ada, bob] = [caller("ada", ["deploy"]), caller("bob")];

function emptyServer(): McpServer {
  return createMcpServer({ name: "test", version: "1", instructions: "Be kind.", pageSize: 2 });
}

const echo = defineTool<{ readonly text: string }>({
  name: "echo",
  description: "Says it again.",
  input: { type: "object", properties: { text: { type: "string" } }, required: ["text"] },
  sideEffect: "pure",
  execute: ({ text }) => text,
});

const deploy = defineTool({
  name: "deploy",
  description: "Deploys.",
  input: { type: "object" },
  sideEffect: "irreversible",
  scopes: ["deploy"],
  execute: () => "deployed",
});

describe("createMcpEndpoint()", () => {
  test("serves nobody without a token, no foreign page and no foreign name", async () => {
    const url = await serve(emptyServer(), [ada]);
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "ping" });
    const post = async (headers: Readonly<Record<string, string>>): Promise<Response> =>
      await fetch(url, {
        method: "POST",
        body,
        headers: {
          accept: "application/json, text/event-stream",
          "content-type": "application/json",
          ...headers,
        },
      });

    const nobody = await post({});
    expect(nobody.status).toBe(401);
    expect(nobody.headers.get("www-authenticate")).toBe("Bearer");
    expect((await post({ authorization: "Bearer eve" })).status).toBe(401);
    expect((await post({ authorization: "Bearer ada", origin: "https://evil.example" })).status).toBe(403);
    // A page that something else on this machine serves, and one of our own.
    const authorization = "Bearer ada";
    expect((await post({ authorization, origin: "http://127.0.0.1:1" })).status).toBe(403);
    expect((await post({ authorization, origin: "http://127.0.0.1" })).status).toBe(403);
    expect((await post({ authorization, origin: url.origin })).status).not.toBe(403);
    expect((await fetch(new URL("/other", url))).status).toBe(404);
  });

  test("keeps a session to the caller who began it", async () => {
    const url = await serve(emptyServer(), [ada, bob]);
    const begin = await fetch(url, {
      method: "POST",
      headers: {
        authorization: "Bearer ada",
        accept: "application/json, text/event-stream",
        "content-type": "application/json",
      },
      body: JSON.stringify({
        jsonrpc: "2.0",
        id: 1,
        method: "initialize",
        params: {
          protocolVersion: "2025-11-25",
          capabilities: {},
          clientInfo: { name: "t", version: "1" },
        },
      }),
    });
    const session = begin.headers.get("mcp-session-id") ?? "";
    await begin.text();
    const end = async (who: string): Promise<number> =>
      (
        await fetch(url, {
          method: "DELETE",
          headers: {
            authorization: `Bearer ${who}`,
            "mcp-session-id": session,
            "mcp-protocol-version": "2025-11-25",
          },
        })
      ).status;

    expect(session).not.toBe("");
    expect(await end("bob")).toBe(404);
    expect(await end("ada")).toBe(200);
    expect(await end("ada")).toBe(404);
  });

  test("lists page by page what comes and goes, and tells clients of changes", async () => {
    const server = emptyServer();
    const offered = createToolRegistry({
      tools: ["a", "b", "c", "d", "e"].map((name) => ({ ...echo, name })),
    });
    offerTools(server, await toolOptions(offered));
    const client = await connect(await serve(server, [ada]), "ada");
    const first = await client.listTools();
    expect(first.tools.length).toBeGreaterThan(0);
    const names = (await client.request({ method: "tools/list", params: {} })).tools.map(({ name }) => name);

    expect(names).toEqual(["a", "b"]);
    server.removeTool("c");
    const { nextCursor = "" } = await client.request({ method: "tools/list", params: {} });
    const second = await client.request({ method: "tools/list", params: { cursor: nextCursor } });
    expect(second.tools.map(({ name }) => name)).toEqual(["d", "e"]);
    expect(second.nextCursor).toBeUndefined();
    expect(client.getInstructions()).toBe("Be kind.");
  });
});

describe("offerTools()", () => {
  test("shows and runs what a caller's scopes allow, checks arguments, and tells the audit", async () => {
    const server = emptyServer();
    const audit: CallAudit[] = [];
    const options = await toolOptions(createToolRegistry({ tools: [echo, deploy] }), { allow: ["deploy"] });
    offerTools(server, { ...options, audit: (entry) => audit.push(entry) });
    const url = await serve(server, [ada, bob]);
    const [asAda, asBob] = [await connect(url, "ada"), await connect(url, "bob")];

    expect((await asBob.listTools()).tools.map(({ name }) => name)).toEqual(["echo"]);
    expect((await asAda.listTools()).tools.map(({ name }) => name)).toEqual(["deploy", "echo"]);
    expect(await asAda.callTool({ name: "deploy", arguments: {} })).toMatchObject({
      content: [{ type: "text", text: "deployed" }],
    });
    await expect(asBob.callTool({ name: "deploy", arguments: {} })).rejects.toThrow(/no tool "deploy"/u);
    expect(await asBob.callTool({ name: "echo", arguments: { texts: 1 } })).toMatchObject({ isError: true });
    expect(audit).toMatchObject([
      { tenant: "acme", principal: "ada", tool: "deploy", outcome: "answered" },
      {
        tenant: "acme",
        principal: "bob",
        tool: "echo",
        outcome: "refused",
        reason: "tool.invalid_arguments",
      },
    ]);
  });

  test("promises what a tool answers, and sends the value beside the text", async () => {
    const weigh = defineTool<{ readonly of: string }>({
      name: "weigh",
      description: "Weighs.",
      input: { type: "object" },
      output: { type: "object", properties: { grams: { type: "number" } }, required: ["grams"] },
      sideEffect: "pure",
      execute: () => ({ content: [{ type: "text", text: "Heavy." }], value: { grams: 7 } }),
    });
    const server = emptyServer();
    offerTools(server, await toolOptions(createToolRegistry({ tools: [weigh, echo] })));
    const client = await connect(await serve(server, [ada]), "ada");

    const { tools } = await client.listTools();
    // The SDK's client checks the value against the schema.
    const result = await client.callTool({ name: "weigh", arguments: {} });

    expect(tools.map(({ name, outputSchema }) => [name, outputSchema?.["required"]])).toEqual([
      ["echo", undefined],
      ["weigh", ["grams"]],
    ]);
    expect(result).toMatchObject({ content: [{ text: "Heavy." }], structuredContent: { grams: 7 } });
  });

  test("denies what no rule allows, for nobody can be asked", async () => {
    const server = emptyServer();
    const audit: CallAudit[] = [];
    const options = await toolOptions(createToolRegistry({ tools: [deploy] }), { ask: ["deploy"] });
    offerTools(server, { ...options, audit: (entry) => audit.push(entry) });
    const client = await connect(await serve(server, [ada]), "ada");

    const result = await client.callTool({ name: "deploy", arguments: {} });

    expect(result).toMatchObject({
      isError: true,
      content: [{ text: expect.stringContaining("tool.denied: deploy was not run.") }],
    });
    expect(audit).toMatchObject([{ outcome: "denied", reason: "deploy" }]);
  });

  test("limits each caller by itself, and says when there is room again", async () => {
    let now = 0;
    const server = emptyServer();
    const options = await toolOptions(createToolRegistry({ tools: [echo] }));
    offerTools(server, { ...options, limit: createRateLimiter({ burst: 2, perMinute: 60 }, () => now) });
    const url = await serve(server, [ada, bob]);
    const [asAda, asBob] = [await connect(url, "ada"), await connect(url, "bob")];
    const ask = async (client: typeof asAda): Promise<boolean> =>
      (await client.callTool({ name: "echo", arguments: { text: "x" } })).isError === true;

    expect([await ask(asAda), await ask(asAda), await ask(asAda), await ask(asBob)]).toEqual([
      false,
      false,
      true,
      false,
    ]);
    expect(JSON.stringify(await asAda.callTool({ name: "echo", arguments: { text: "x" } }))).toContain(
      "mcp.rate_limited: Too many calls: at most 60 a minute. Try again in 1 s.",
    );
    now += 1_000;
    expect([await ask(asAda), await ask(asAda)]).toEqual([false, true]);
  });

  test("says with its code that a call came too early, and takes nothing for it", () => {
    let now = 0;
    const limit = createRateLimiter({ burst: 1, perMinute: 30 }, () => now);
    limit(ada);

    expect(() => limit(ada)).toThrowError(
      expect.objectContaining({ code: "mcp.rate_limited", class: "rate_limited", retryAfterMs: 2_000 }),
    );
    now += 2_000;
    expect(() => limit(ada)).not.toThrow();
  });

  test("tells a client nothing of why code of ours broke", async () => {
    const errors: unknown[] = [];
    const server = createMcpServer({ name: "test", version: "1", onError: (error) => errors.push(error) });
    server.addTool({
      definition: { name: "broken", inputSchema: { type: "object" } },
      handle: async () => {
        throw new Error("secret path /root/x");
      },
    });
    const client = await connect(await serve(server, [ada]), "ada");

    const result = JSON.stringify(await client.callTool({ name: "broken", arguments: {} }));

    expect(result).toContain("the server's log has the cause");
    expect(result).not.toContain("secret");
    expect(String(errors[0])).toContain("secret path");
    expect(() =>
      server.addTool({
        definition: { name: "broken", inputSchema: { type: "object" } },
        handle: async () => ({ content: [] }),
      }),
    ).toThrowError(expect.objectContaining({ code: "mcp.already_offered" }));
  });
});

describe("createFileTools()", () => {
  test("reads, writes, lists and deletes below the workspace and nowhere else", async () => {
    const server = createMcpServer({ name: "files", version: "1" });
    const options = await toolOptions(createFileTools());
    offerTools(server, options);
    offerFiles(server, options);
    await symlink("/etc/hostname", join(options.workspace, "link"));
    await writeFile(join(options.workspace, "a.txt"), "hello");
    const client = await connect(await serve(server, [ada]), "ada");
    const use = async (name: string, args: Readonly<Record<string, string>>): Promise<string> => {
      const { content, isError } = await client.callTool({ name, arguments: args });
      const [first] = content;
      return `${isError === true ? "error: " : ""}${first?.type === "text" ? first.text : ""}`;
    };

    expect(await use("file_read", { path: "a.txt" })).toBe("hello");
    expect(await use("dir_create", { path: "sub/deep" })).toBe("Made.");
    expect(await use("file_write", { path: "sub/deep/-b", content: "new" })).toBe("Written.");
    expect(await readFile(join(options.workspace, "sub/deep/-b"), "utf8")).toBe("new");
    expect(await use("dir_list", { path: "." })).toBe("a.txt\nlink\nsub/\n");
    expect(await use("file_delete", { path: "sub/deep/-b" })).toBe("Deleted.");
    expect(await use("file_delete", { path: "sub" })).toMatch(/^error: mcp\.call_failed/u);
    for (const path of ["/etc/passwd", "link", "../x", "sub/../../x", "~/x/../../../etc/passwd"])
      expect(await use("file_read", { path })).toMatch(/^error: /u);
    expect(await use("file_write", { path: "/tmp/tau-x", content: "" })).toMatch(/^error: /u);
    const uri = `file://${options.workspace}/a.txt`;
    expect(await client.readResource({ uri })).toMatchObject({ contents: [{ uri, text: "hello" }] });
    await writeFile(join(options.workspace, "b.bin"), Buffer.from("ff00fe", "hex"));
    expect(await use("file_read", { path: "b.bin" })).toMatch(
      /^error: mcp\.unsupported.* not text.*file:\/\/\//u,
    );
    const binary = `file://${options.workspace}/b.bin`;
    expect(await client.readResource({ uri: binary })).toMatchObject({
      contents: [{ uri: binary, blob: "/wD+" }],
    });
    await expect(client.readResource({ uri: "file:///etc/passwd" })).rejects.toThrow(
      /outside of the workspace|not shown/u,
    );
  });
});

describe("offerFiles()", () => {
  test("keeps the rules behind links and other spellings, as file_read does", async () => {
    const server = createMcpServer({ name: "files", version: "1" });
    const options = await toolOptions(createFileTools(), { deny: ["read(private/**)"] });
    offerTools(server, options);
    offerFiles(server, options);
    const { workspace } = options;
    await mkdir(join(workspace, "private"));
    await writeFile(join(workspace, "private/key"), "hidden");
    await symlink("private/key", join(workspace, "link"));
    await symlink("private", join(workspace, "folder"));
    const client = await connect(await serve(server, [ada]), "ada");

    for (const path of ["private/key", "link", "folder/key", "x/../private/key"]) {
      const uri = `file://${workspace}/${path}`;
      await expect(client.readResource({ uri })).rejects.toThrow(/not shown/u);
    }
  });

  test("counts and tells each resource that is read", async () => {
    const server = createMcpServer({ name: "files", version: "1" });
    const rows: CallAudit[] = [];
    const options = await toolOptions(createFileTools(), { deny: ["read(b)"] });
    const limit = createRateLimiter({ burst: 2, perMinute: 1 });
    offerFiles(server, { ...options, limit, audit: (row) => rows.push(row) });
    await writeFile(join(options.workspace, "a"), "shown");
    const client = await connect(await serve(server, [ada]), "ada");
    const read = async (name: string): Promise<unknown> =>
      await client.readResource({ uri: `file://${options.workspace}/${name}` });

    await read("a");
    await expect(read("b")).rejects.toThrow(/not shown/u);
    await expect(read("a")).rejects.toThrow(/Too many calls/u);
    expect(rows).toMatchObject([
      { principal: "ada", tool: "file_read", outcome: "answered" },
      { principal: "ada", tool: "file_read", outcome: "denied", reason: "read(b)" },
      { principal: "ada", tool: "file_read", outcome: "refused", reason: "mcp.rate_limited" },
    ]);
  });
});

describe("serveMcpStdio()", () => {
  test("speaks over two streams until the client has gone", async () => {
    const server = emptyServer();
    offerTools(server, await toolOptions(createToolRegistry({ tools: [echo] })));
    const { input, output } = pipes();
    const service = await serveMcpStdio(server, { call: ada, input, output });
    const lines: string[] = [];
    const heard = new Promise<void>((resolve) => {
      output.setEncoding("utf8").on("data", (text: string) => {
        lines.push(text);
        if (lines.join("").includes('"id":2')) resolve();
      });
    });
    const say = (id: number, method: string, params: object): boolean =>
      input.write(`${JSON.stringify({ jsonrpc: "2.0", id, method, params })}\n`);
    say(1, "initialize", {
      protocolVersion: "2025-11-25",
      capabilities: {},
      clientInfo: { name: "t", version: "1" },
    });
    say(2, "tools/call", { name: "echo", arguments: { text: "over a pipe" } });
    await heard;
    input.end();
    await service.closed;
    await service[Symbol.asyncDispose]();

    expect(lines.join("")).toContain("over a pipe");
  });
});

describe("createMcpServerManager()", () => {
  const managed = (name: string, log: string[], fails = false) => ({
    name,
    start: async () => {
      if (fails) throw new Error(`${name} cannot start`);
      log.push(`+${name}`);
      return { [Symbol.asyncDispose]: async () => void log.push(`-${name}`) };
    },
  });

  test("starts in order, stops in reverse, and tells what runs", async () => {
    const log: string[] = [];
    const manager = createMcpServerManager([managed("a", log), managed("b", log)]);
    await manager.startServers();
    await manager.startServers();
    expect(manager.listServers()).toEqual([
      { name: "a", isRunning: true },
      { name: "b", isRunning: true },
    ]);
    await manager.stopServers();

    expect(log).toEqual(["+a", "+b", "-b", "-a"]);
    expect(manager.getServer("a").isRunning).toBe(false);
    expect(() => manager.getServer("c")).toThrowError(
      expect.objectContaining({ code: "mcp.unknown_server" }),
    );
  });

  test("leaves nothing running when one cannot start", async () => {
    const log: string[] = [];
    const manager = createMcpServerManager([managed("a", log), managed("b", log, true)]);

    await expect(manager.startServers()).rejects.toThrow("b cannot start");
    expect(log).toEqual(["+a", "-a"]);
  });
});
