import { TauError } from "@tau/core";

/** Something that serves MCP once it is started. */
export interface ManagedServer {
  readonly name: string;
  /** Begins to serve; disposing what it answers ends that. */
  start(): Promise<AsyncDisposable>;
}

/** What a manager knows of a server. */
export interface ServerStatus {
  readonly name: string;
  readonly isRunning: boolean;
}

/** Starts and stops several servers together. Disposing stops them all. */
export interface McpServerManager extends AsyncDisposable {
  /** Ordered as they were given. */
  listServers(): readonly ServerStatus[];
  /** @throws TauError `mcp.unknown_server` */
  getServer(name: string): ServerStatus;
  /** Starts those that do not run; when one cannot start, those that this call started are stopped again and its error is thrown. */
  startServers(): Promise<void>;
  /** Stops all, the last one first; errors of stopping are thrown together once all were stopped. */
  stopServers(): Promise<void>;
}

/** Makes an {@link McpServerManager}. @throws TauError `mcp.already_offered` for two of a name */
export function createMcpServerManager(servers: readonly ManagedServer[]): McpServerManager {
  const names = servers.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined)
    throw new TauError("mcp.already_offered", `There are two MCP servers ${JSON.stringify(twice)}.`);
  const running = new Map<string, AsyncDisposable>();
  const statusOf = ({ name }: ManagedServer): ServerStatus => ({ name, isRunning: running.has(name) });

  async function stop(which: readonly string[]): Promise<void> {
    const failures: unknown[] = [];
    for (const name of which.toReversed()) {
      const service = running.get(name);
      running.delete(name);
      try {
        await service?.[Symbol.asyncDispose]();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw new AggregateError(failures, "Some MCP servers did not stop properly.");
  }

  return {
    listServers: () => servers.map(statusOf),
    getServer(name) {
      const found = servers.find((one) => one.name === name);
      if (found !== undefined) return statusOf(found);
      throw new TauError(
        "mcp.unknown_server",
        `There is no MCP server ${JSON.stringify(name)}; there is ${names.join(", ")}.`,
      );
    },
    async startServers() {
      const started: string[] = [];
      try {
        for (const { name, start } of servers) {
          if (running.has(name)) continue;
          running.set(name, await start());
          started.push(name);
        }
      } catch (error) {
        await stop(started).catch(() => undefined);
        throw error;
      }
    },
    stopServers: async () => await stop(names.filter((name) => running.has(name))),
    [Symbol.asyncDispose]: async () => await stop(names.filter((name) => running.has(name))),
  };
}
