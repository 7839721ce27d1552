import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import type { Model } from "@tau/agent";
import { noUsage } from "@tau/core";
import { createHostEnvironment } from "@tau/tools";
import { describe, expect, onTestFinished, test } from "vitest";

import type { McpServerConfig } from "../config/server-config.ts";
import { approvedClientOf, callOf, callTool, contextFor, textIn } from "../mcp.test.support.ts";
import type { McpClientOptions } from "./client-options.ts";
import type { McpClient } from "./create-mcp-client.ts";
import type { PersonRequest } from "./ask-person.ts";

const { resolve } = createRequire(import.meta.url);
const entryOf = (name: string): string =>
  join(dirname(resolve(`@modelcontextprotocol/${name}/package.json`)), "dist/index.js");
const everything = entryOf("server-everything");
const filesystem = entryOf("server-filesystem");

const model: Model = {
  provider: "test",
  id: "test",
  async *stream() {
    yield await Promise.resolve([
      {
        type: "finished",
        message: { role: "assistant", parts: [{ type: "text", text: "A sample." }] },
        usage: noUsage,
        stopReason: "stop",
        model: "test-1",
      },
    ]);
  },
};

/** A folder that is removed when the test is over. */
async function createFolder(): Promise<string> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), "tau-mcp-")));
  onTestFinished(async () => await rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Runs servers in a folder on this machine. */
function hostIn(workspace: string): NonNullable<McpClientOptions["openHost"]> {
  return async ({ config }) => {
    const { access = "read-only" } = config;
    return await Promise.resolve(createHostEnvironment({ profile: { access, workspace, network: false } }));
  };
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const address = probe.address();
  probe.close();
  await once(probe, "close");
  return typeof address === "object" ? (address?.port ?? 0) : 0;
}

/** Starts the server for everything on a port of its own. */
async function serve(transport: "sse" | "streamableHttp"): Promise<string> {
  const port = await freePort();
  const { NODE_OPTIONS: _, ...env } = process.env;
  const child = spawn(process.execPath, [everything, transport], {
    env: { ...env, PORT: String(port) },
    stdio: ["ignore", "ignore", "pipe"],
  });
  onTestFinished(() => {
    child.kill("SIGKILL");
  });
  let said = "";
  await expect
    .poll(
      async () => {
        if (child.exitCode !== null) throw new Error(said);
        return await fetch(`http://127.0.0.1:${port}/`).then(
          () => true,
          () => false,
        );
      },
      { timeout: 60_000 },
    )
    .toBe(true);
  child.stderr.on("data", (chunk) => (said += String(chunk)));
  return `http://127.0.0.1:${port}`;
}

async function configFor(transport: "http" | "sse" | "stdio"): Promise<McpServerConfig> {
  const common = { sampling: true, roots: true, resources: true };
  if (transport === "stdio")
    return { transport, command: [process.execPath, everything, "stdio"], ...common };
  const base = await serve(transport === "sse" ? "sse" : "streamableHttp");
  return { transport, url: transport === "sse" ? `${base}/sse` : `${base}/mcp`, ...common };
}

describe.each(["stdio", "http", "sse"] as const)("the server for everything over %s", (transport) => {
  test("does everything", async () => {
    const asked: PersonRequest[] = [];
    const folder = await createFolder();
    const client = await approvedClientOf({
      servers: { every: await configFor(transport) },
      openHost: hostIn(folder),
      sampling: { model },
      roots: () => [{ uri: `file://${folder}`, name: "work" }],
      ask: async (request) => {
        asked.push(request);
        return await Promise.resolve({ action: "accept", content: { name: "Ada" } });
      },
    });
    const handle = client.server("every");

    expect(await textOf(client, "echo", { message: "hi" })).toBe("Echo: hi");
    expect(await textOf(client, "get-sum", { a: 2, b: 3 })).toContain("5");
    expect(await textOf(client, "get-tiny-image")).toContain("[image]");
    expect(await textOf(client, "get-resource-links", { count: 1 })).toContain("demo://resource/");
    expect(await textOf(client, "get-structured-content", { location: "Chicago" })).toContain("temperature");
    expect(await textOf(client, "get-annotated-message", { messageType: "error" })).toContain("Error");
    expect(await textOf(client, "trigger-sampling-request", { prompt: "Hello" })).toContain("A sample.");
    expect(await textOf(client, "get-roots-list")).toContain("work");
    expect(await textOf(client, "trigger-elicitation-request")).toContain("Ada");
    expect(asked).toMatchObject([{ kind: "form", server: "every" }]);
    // Runs only as a task, which is asked for until it is done.
    expect(await textOf(client, "simulate-research-query", { topic: "whales" })).toContain("whales");
    const progress: string[] = [];
    const context = contextFor(callOf(), (text) => progress.push(text));
    await callTool(client, "every__trigger-long-running-operation", { duration: 0.2, steps: 2 }, context);
    expect(progress[0]).toBe("1/2");

    expect(await textOf(client, "list_resources", { query: "architecture" })).toContain("demo://resource/");
    expect(await textOf(client, "list_resources")).toContain("uriTemplate");
    const read = await callTool(client, "every__read_resource", {
      uri: "demo://resource/dynamic/text/1",
    });
    expect(read.result.content).toMatchObject([
      { type: "text", label: { integrity: "untrusted", origins: ["mcp:every"] } },
    ]);
    for (const { name, effects, label } of client
      .tools()
      .filter((tool) => /__\w+_resources?$/u.test(tool.name)))
      expect([name, effects, label?.integrity]).toEqual([name, ["external", "read_untrusted"], "untrusted"]);
    const [resource] = await handle.listResources(callOf());
    expect(await handle.readResource(resource?.uri ?? "", callOf())).toMatchObject([
      { label: { origins: ["mcp:every"] } },
    ]);
    expect(await handle.getPrompt("args-prompt", { city: "Oslo" }, callOf())).toMatchObject([
      { parts: [{ text: expect.stringContaining("Oslo") }] },
    ]);
    expect(
      await handle.complete(
        { of: { prompt: "completable-prompt" }, argument: "department", value: "E" },
        callOf(),
      ),
    ).toContain("Engineering");
    expect(handle.instructions?.text).not.toBe("");
  });
});

async function textOf(client: McpClient, tool: string, input = {}): Promise<string> {
  const { result } = await callTool(client, `every__${tool}`, input);
  const text = textIn(result);
  expect(result.isError ? text : "").toBe("");
  return text;
}

describe("a server on standard input and output", () => {
  test("gets the variables that it was given, and none of this process", async () => {
    process.env["TAU_MCP_TEST_SECRET"] = "hunter2";
    onTestFinished(() => {
      delete process.env["TAU_MCP_TEST_SECRET"];
    });
    const servers = {
      every: {
        transport: "stdio",
        command: [process.execPath, everything],
        env: { TOKEN: "env:EVERY_TOKEN", PLAIN: "text" },
      },
    } as const;
    const resolveSecret = async (): Promise<string> => await Promise.resolve("s3cret");
    const client = await approvedClientOf({ servers, openHost: hostIn(await createFolder()), resolveSecret });

    const { result } = await callTool(client, "every__get-env");

    expect(JSON.parse(textIn(result))).toMatchObject({ TOKEN: "s3cret", PLAIN: "text" });
    expect(textIn(result)).not.toContain("hunter2");
    expect(JSON.stringify(client.servers.map(({ endpoint }) => endpoint))).not.toContain("s3cret");
  });

  test("reads and writes where it may, and tells the model when it may not", async () => {
    const folder = await createFolder();
    await writeFile(join(folder, "a.txt"), "inside");
    const servers = {
      files: {
        transport: "stdio",
        command: [process.execPath, filesystem, folder],
        access: "workspace-write",
      },
    } as const;
    const client = await approvedClientOf({ servers, openHost: hostIn(folder) });

    const inside = await callTool(client, "files__read_text_file", { path: join(folder, "a.txt") });
    const outside = await callTool(client, "files__read_text_file", { path: "/etc/passwd" });
    const written = await callTool(client, "files__write_file", {
      path: join(folder, "b.txt"),
      content: "new",
    });

    expect(textIn(inside.result)).toContain("inside");
    expect(outside.result).toMatchObject({ isError: true });
    expect(textIn(outside.result)).toContain("outside allowed directories");
    expect(written.result.isError).toBe(false);
  });

  test("that dies in the middle of a call is an error of the call, and runs again at the next one", async () => {
    const folder = await createFolder();
    const server = join(folder, "server.mjs");
    await writeFile(server, dyingServer);
    const servers = { frail: { transport: "stdio", command: [process.execPath, server] } } as const;
    const client = await approvedClientOf({ servers, openHost: hostIn(folder) });

    const first = await callTool(client, "frail__die");
    const second = await callTool(client, "frail__echo");

    expect(first.code).toBe("mcp.unavailable");
    expect(second.code).toBeUndefined();
    expect(textIn(second.result)).toBe("alive");
  });

  test("that prints what is no message goes on, and one of another age that dies of questions, too", async () => {
    const folder = await createFolder();
    const server = join(folder, "server.mjs");
    await writeFile(server, `console.log("Server listening!\\n{broken");\n${dyingServer}`);
    const old = join(folder, "old.mjs");
    await writeFile(
      old,
      dyingServer.replace("case 'ping'", "case 'server/discover': process.exit(1); case 'ping'"),
    );
    const servers = {
      chatty: { transport: "stdio", command: [process.execPath, server] },
      old: { transport: "stdio", command: [process.execPath, old] },
    } as const;
    const client = await approvedClientOf({ servers, openHost: hostIn(folder) });

    expect(textIn((await callTool(client, "chatty__echo")).result)).toBe("alive");
    expect(textIn((await callTool(client, "old__echo")).result)).toBe("alive");
  });

  test("that cannot be started is an error of the call", async () => {
    const servers = { missing: { transport: "stdio", command: ["/nowhere/server"] } } as const;
    const openHost = hostIn(await createFolder());

    await expect(approvedClientOf({ servers, openHost })).rejects.toMatchObject({
      code: expect.stringMatching(/^(?:environment\.failed|mcp\.unavailable)$/u),
    });
    const broken = {
      broken: { transport: "stdio", command: [process.execPath, "/nowhere/server.mjs"] },
    } as const;
    await expect(approvedClientOf({ servers: broken, openHost })).rejects.toMatchObject({
      code: "mcp.unavailable",
      cause: expect.objectContaining({ message: expect.stringContaining("Cannot find module") }),
    });
    await expect(approvedClientOf({ servers })).rejects.toMatchObject({ code: "mcp.invalid_config" });
  });
});

const dyingServer = `
import { createInterface } from "node:readline";
const say = (id, result) => console.log(JSON.stringify({ jsonrpc: "2.0", id, result }));
const tool = (name) => ({ name, inputSchema: { type: "object" } });
for await (const line of createInterface({ input: process.stdin })) {
  const { id, method, params } = JSON.parse(line);
  switch (method) {
    case 'ping': say(id, {}); break;
    case "initialize":
      say(id, { protocolVersion: "2025-11-25", capabilities: { tools: {} }, serverInfo: { name: "frail", version: "1" } });
      break;
    case "tools/list": say(id, { tools: [tool("echo"), tool("die")] }); break;
    case "tools/call":
      if (params.name === "die") process.exit(3);
      say(id, { content: [{ type: "text", text: "alive" }] });
      break;
    default:
      if (id !== undefined) console.log(JSON.stringify({ jsonrpc: "2.0", id, error: { code: -32601, message: "No" } }));
  }
}
`;
