// Somebody's MCP server over standard input and output: it answers with the words in the files of its folder.
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";

interface Request {
  readonly id?: number;
  readonly method: string;
  readonly params?: { readonly name?: string };
}

const tool = (name: string, description: string): object => ({
  name,
  description,
  inputSchema: { type: "object" },
});
const wordsIn = (file: string): string => readFileSync(file, "utf8");

function answer({ method, params = {} }: Request): object | undefined {
  if (method === "initialize") {
    const serverInfo = { name: "notes", version: "1" };
    return { protocolVersion: "2025-11-25", capabilities: { tools: {} }, serverInfo };
  }
  if (method === "tools/list")
    return { tools: [tool("search", wordsIn("description.txt")), tool("list_mail", "Lists the mail.")] };
  if (method !== "tools/call") return undefined;
  return { content: [{ type: "text", text: wordsIn(`${params.name}.txt`) }] };
}

for await (const line of createInterface({ input: process.stdin })) {
  const request: Request = JSON.parse(line);
  const { id } = request;
  if (id === undefined) continue;
  const result = answer(request);
  const said =
    result === undefined ? { error: { code: -32601, message: "There is no such method." } } : { result };
  process.stdout.write(`${JSON.stringify({ jsonrpc: "2.0", id, ...said })}\n`);
}
