/**
 * Shows the request's tools to the command: an MCP server over standard input and output, started by the command as
 * `node tool-shelf.ts <file>`, where the file holds a list of tools. Calls are never answered: whoever asked the command
 * takes them from its output, ends it, and runs them. It imports nothing of Tau, which makes it start fast.
 */
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";

/** What is read of a message; anything else in it does not matter here. */
interface Message {
  readonly id?: unknown;
  readonly method?: unknown;
  readonly params?: { readonly protocolVersion?: unknown };
}

async function serve(file: string): Promise<void> {
  const tools: unknown = JSON.parse(readFileSync(file, "utf8"));
  for await (const line of createInterface({ input: process.stdin })) {
    const message: Message = JSON.parse(line);
    const answer = answerTo(message, tools);
    if (answer !== undefined) process.stdout.write(`${JSON.stringify(answer)}\n`);
  }
}

/** Undefined for what wants no answer, and for calls. */
function answerTo({ id, method, params }: Message, tools: unknown): object | undefined {
  if (id === undefined || method === "tools/call") return undefined;
  const head = { jsonrpc: "2.0", id };
  switch (method) {
    case "initialize": {
      const { protocolVersion } = params ?? {};
      const serverInfo = { name: "tau", version: "1" };
      return { ...head, result: { protocolVersion, capabilities: { tools: {} }, serverInfo } };
    }
    case "tools/list":
      return { ...head, result: { tools } };
    case "ping":
      return { ...head, result: {} };
    default:
      return { ...head, error: { code: -32_601, message: "There is no such method here." } };
  }
}

await serve(process.argv[2] ?? "");
