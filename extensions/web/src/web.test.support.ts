import { once } from "node:events";
import { createServer } from "node:http";
import type { IncomingMessage, RequestListener } from "node:http";
import { tmpdir } from "node:os";

import type { ToolContext, ToolOutput } from "@tau/tools";
import { createFileLedger, createHostEnvironment, createMemoryArtifactStore } from "@tau/tools";
import { onTestFinished } from "vitest";

import type { WebOptions } from "./web-options.ts";
import { webTools } from "./web-tools.ts";

/** A server on loopback that ends with the test. */
export interface TestServer {
  readonly url: string;
  readonly host: string;
  readonly requests: readonly {
    readonly line: string;
    readonly headers: IncomingMessage["headers"];
    readonly body: string;
  }[];
}

export async function startServer(answer: RequestListener): Promise<TestServer> {
  const requests: { line: string; headers: IncomingMessage["headers"]; body: string }[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const body = Buffer.concat(chunks).toString();
      requests.push({ line: `${request.method} ${request.url}`, headers: request.headers, body });
      answer(request, response);
    });
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

/** A context whose tools may fetch from loopback. */
export function testContext(rest: Partial<ToolContext> = {}): ToolContext {
  const signal = new AbortController().signal;
  const environment = createHostEnvironment({
    profile: { access: "read-only", workspace: tmpdir(), network: false },
  });
  onTestFinished(async () => await environment[Symbol.asyncDispose]());
  return {
    call: {
      tenant: "test",
      principal: { id: "tester", kind: "person", scopes: [] },
      traceId: "0".repeat(32),
      signal,
    },
    signal,
    environment,
    artifacts: createMemoryArtifactStore(),
    files: createFileLedger(),
    idempotencyKey: "key",
    progress: () => undefined,
    ...rest,
  };
}

/** Calls a tool as the registry would: checked arguments only. */
export async function callTool(
  name: "fetch" | "http",
  input: unknown,
  options: Partial<WebOptions> = {},
  context: ToolContext = testContext(),
): Promise<ToolOutput> {
  const tool = webTools({ fetchFor: () => fetch, ...options }).find((each) => each.name === name);
  const valid = await tool?.validate(input);
  if (tool === undefined || valid?.ok !== true) throw new Error(`Not valid: ${JSON.stringify(valid)}`);
  return await tool.execute(valid.value, context);
}

/** What the model reads. */
export function textOf({ content }: ToolOutput): string {
  return content.map((part) => (part.type === "text" ? part.text : `[${part.type}]`)).join("");
}
