import { realpath } from "node:fs/promises";
import { basename } from "node:path";

import { TauError } from "@tau/core";
import type { McpServerConfig } from "@tau/mcp";
import { createHostEnvironment, findExecutedFiles } from "@tau/tools";

/**
 * Adds to servers of commands what is in the files of the folder that these execute: scripts, and `package.json` where that names them. An agent may write
 * there, and a server may reach more than the agent does, so that an approval is for that content too.
 */
export async function withCode(
  servers: Readonly<Record<string, McpServerConfig>>,
  cwd: string,
): Promise<Readonly<Record<string, McpServerConfig>>> {
  const entries = Object.entries(servers).map(async ([name, server]) => {
    const code = server.transport === "stdio" ? await codeOf(server.command, cwd) : {};
    return [name, Object.keys(code).length === 0 ? server : { ...server, code }] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}

/** Checks, just before a server is started, that it is still what was looked at. @throws TauError `mcp.not_approved` */
export async function assertSameCode(name: string, config: McpServerConfig, cwd: string): Promise<void> {
  if (config.transport !== "stdio") return;
  const now = await codeOf(config.command, cwd);
  const { code = {} } = config;
  const paths = [...new Set([...Object.keys(now), ...Object.keys(code)])];
  const changed = paths.find((path) => now[path] !== code[path]);
  if (changed === undefined) return;
  throw new TauError(
    "mcp.not_approved",
    `The MCP server "${name}" is not started: ${changed} has changed. Look at it, then run: tau mcp approve ${name}`,
  );
}

async function codeOf(command: readonly string[], cwd: string): Promise<Readonly<Record<string, string>>> {
  const workspace = await realpath(cwd);
  await using environment = createHostEnvironment({
    profile: { access: "read-only", workspace, network: false },
  });
  const source = command.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(" ");
  const { signal } = new AbortController();
  const found = await findExecutedFiles([{ kind: "command", source, cwd: workspace }], {
    environment,
    signal,
  });
  // What else stands in it changes with every package, and runs nothing.
  const runsScripts = /(?:^|\/)(?:bun|npm|pnpm|yarn)$/u.test(command[0] ?? "");
  const files = found.flatMap((access) => (access.kind === "command" ? (access.files ?? []) : []));
  return Object.fromEntries(
    files
      .filter(({ path, inWorkspace }) => inWorkspace && (runsScripts || basename(path) !== "package.json"))
      .map(({ path, content }) => [path, content]),
  );
}
