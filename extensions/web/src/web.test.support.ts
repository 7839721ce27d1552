import { once } from "node:events";
import { createServer } from "node:http";
import type { IncomingMessage, RequestListener } from "node:http";

import type { ToolContext, ToolOutput } from "@tau/tools";
import { createWorkspaceContext } from "@tau/tools/testing";
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

/** Calls a tool as the registry would: checked arguments only. */
export async function callTool(
  name: "fetch" | "http",
  input: unknown,
  options: Partial<WebOptions> = {},
  context?: ToolContext,
): Promise<ToolOutput> {
  const tool = webTools({ fetchFor: () => fetch, ...options }).find((each) => each.name === name);
  const valid = await tool?.validate(input);
  if (tool === undefined || valid?.ok !== true) throw new Error(`Not valid: ${JSON.stringify(valid)}`);
  return await tool.execute(valid.value, context ?? (await createWorkspaceContext()));
}

/** What the model reads. */
export function textOf({ content }: ToolOutput): string {
  return content.map((part) => (part.type === "text" ? part.text : `[${part.type}]`)).join("");
}
