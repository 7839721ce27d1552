import { once } from "node:events";
import { mkdtemp, realpath, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { RequestListener } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { createCallContext } from "@tau/core";
import type { ToolCallPart } from "@tau/core";
import { agentToolAliases, createHostEnvironment, createToolRegistry } from "@tau/tools";
import type { ToolContext, ToolRun } from "@tau/tools";
import { createToolContext } from "@tau/tools/testing";
import { onTestFinished } from "vitest";

import type { BrowserOptions } from "./browser-options.ts";
import { createBrowser } from "./create-browser.ts";

/** A server on loopback that ends with the test. */
export interface TestSite {
  readonly host: string;
  readonly url: string;
  /** Method and path of each request. */
  readonly requests: readonly string[];
}

/** Serves pages by their path: HTML, or what a listener does. */
export async function startSite(
  pages: Readonly<Record<string, string | RequestListener>>,
): Promise<TestSite> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    const { pathname = "/" } = URL.parse(request.url ?? "/", "http://a") ?? {};
    requests.push(`${request.method} ${request.url}`);
    const page = pages[pathname];
    if (page === undefined) response.writeHead(404).end();
    else if (typeof page === "function") page(request, response);
    else response.setHeader("content-type", "text/html; charset=utf-8").end(page);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  const host = `127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
  return { host, url: `http://${host}`, requests };
}

/** The tools of a browser in a temporary workspace. */
export interface BrowserBench {
  readonly workspace: string;
  readonly context: ToolContext;
  run(tool: string, input: object, context?: ToolContext): Promise<ToolRun>;
  /** What a model reads. */
  use(tool: string, input: object): Promise<string>;
  /** The reference of the element whose line in a snapshot has these words. */
  refOf(words: string): Promise<string>;
  /** Ends what a run would end. */
  endRun(): Promise<void>;
}

/** A browser on this machine itself: what is served comes from loopback, which no jail lets anybody reach. */
export async function openBench(
  options: Partial<BrowserOptions> = {},
  rest: Partial<ToolContext> = {},
): Promise<BrowserBench> {
  const workspace = await realpath(await mkdtemp(join(tmpdir(), "tau-browser-test-")));
  onTestFinished(async () => await rm(workspace, { recursive: true, force: true }));
  const environment = createHostEnvironment({
    profile: { access: "workspace-write", workspace, network: false },
  });
  const closers: (() => Promise<void>)[] = [];
  const browser = createBrowser({
    openEnvironment: async (order) =>
      createHostEnvironment({
        profile: { access: "full", workspace: order.workspace, network: true },
      }),
    allowUnconfined: true,
    ...options,
  });
  const endRun = async (): Promise<void> => {
    for (const close of closers.splice(0)) await close();
  };
  onTestFinished(async () => {
    await browser[Symbol.asyncDispose]();
    await environment[Symbol.asyncDispose]();
  });
  const context = createToolContext({
    call: createCallContext({
      tenant: "test",
      principal: { id: "tester", kind: "person", scopes: [] },
      sessionId: "s1",
    }),
    environment,
    atRunEnd: (close) => void closers.push(close),
    ...rest,
  });
  const registry = createToolRegistry({ tools: browser.tools, aliases: agentToolAliases });
  const bench: BrowserBench = {
    workspace,
    context,
    endRun,
    run: async (tool, input, with_ = context) => await registry.execute(toolCall(tool, input), with_),
    use: async (tool, input) => textOf(await bench.run(tool, input)),
    async refOf(words) {
      const text = await bench.use("browser_snapshot", {});
      const line = text.split("\n").find((one) => one.includes(words)) ?? "";
      const ref = /\[ref=(?<ref>\w+)\]/u.exec(line)?.groups?.["ref"];
      if (ref === undefined) throw new Error(`No element with ${words} in:\n${text}`);
      return ref;
    },
  };
  return bench;
}

/** What a model reads of a result. */
export function textOf({ result }: ToolRun): string {
  return result.content.map((part) => (part.type === "text" ? part.text : `[${part.type}]`)).join("");
}

function toolCall(name: string, input: object): ToolCallPart {
  return { type: "tool_call", id: "call-1", name, arguments: JSON.stringify(input) };
}
