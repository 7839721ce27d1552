import { TauError } from "@tau/core";
import type { Tool } from "@tau/tools";

import { assertServerName } from "../tool-name.ts";
import { systemClock } from "./clock.ts";
import type { McpClientOptions } from "./client-options.ts";
import { createMcpServerHandle } from "./mcp-server-handle.ts";
import type { McpServerHandle } from "./mcp-server-handle.ts";

/** The MCP servers that agents may use. */
export interface McpClient extends AsyncDisposable {
  /** Ordered by name. */
  readonly servers: readonly McpServerHandle[];
  /** @throws TauError `mcp.unknown_server` */
  server(name: string): McpServerHandle;
  /** The approved tools of all servers. Starts and asks nobody: what the model reads is what was approved. */
  tools(): readonly Tool[];
}

/**
 * Makes an {@link McpClient}. Nothing is started until it is used, and nothing is used until it was approved.
 *
 * @throws TauError `mcp.invalid_name`
 */
export function createMcpClient(options: McpClientOptions): McpClient {
  const clock = options.clock ?? systemClock;
  const servers = Object.entries(options.servers)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, config]) => {
      assertServerName(name);
      return createMcpServerHandle({ ...options, name, config, clock });
    });
  return {
    servers,
    server(name) {
      const found = servers.find((one) => one.name === name);
      if (found !== undefined) return found;
      const names = servers.map((one) => one.name).join(", ");
      throw new TauError(
        "mcp.unknown_server",
        `There is no MCP server ${JSON.stringify(name.slice(0, 80))}; ${names === "" ? "none is configured" : `there is ${names}`}.`,
      );
    },
    tools: () => servers.flatMap((server) => server.tools()),
    async [Symbol.asyncDispose]() {
      await Promise.all(servers.map(async (server) => await server[Symbol.asyncDispose]()));
    },
  };
}
