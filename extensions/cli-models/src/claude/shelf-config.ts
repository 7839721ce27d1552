import { fileURLToPath } from "node:url";

import type { JsonObject, ToolDefinition } from "@tau/core";

import type { CallFolder } from "../home.ts";

/** What the command puts before the names of tools that it gets from a server called `tau`. */
const prefix = "mcp__tau__";

/** The shelf as it lies beside this file: a source, or built. */
const shelf = fileURLToPath(
  new URL(`./tool-shelf${import.meta.url.endsWith(".ts") ? ".ts" : ".js"}`, import.meta.url),
);

/** The name by which the command knows a tool. */
export function toCommandName(name: string): string {
  return prefix + name;
}

/** The name by which everybody else knows it. */
export function fromCommandName(name: string): string {
  return name.startsWith(prefix) ? name.slice(prefix.length) : name;
}

/** Writes a configuration that shows the tools to the command, and answers its path. */
export async function writeShelfConfig(
  tools: readonly ToolDefinition[],
  folder: CallFolder,
): Promise<string> {
  const file = await folder.write("tools.json", JSON.stringify(tools.map(toMcpTool)));
  const server = { command: process.execPath, args: [shelf, file] };
  return await folder.write("mcp.json", JSON.stringify({ mcpServers: { tau: server } }));
}

function toMcpTool({ name, description, inputSchema }: ToolDefinition): JsonObject {
  return { name, description, inputSchema };
}
