import type { Readable, Writable } from "node:stream";

import type { CallContext } from "@tau/core";

import type { McpServer } from "./create-mcp-server.ts";
import { loadServerSdk } from "./server-sdk.ts";

/** Options of {@link serveMcpStdio}. */
export interface StdioOptions {
  /** Who is at the other end: whoever started this process. Its signal ends the service. */
  readonly call: CallContext;
  /** Default: the process's own. */
  readonly input?: Readable;
  readonly output?: Writable;
}

/** A service over stdio. Disposing it closes the connection. */
export interface StdioService extends AsyncDisposable {
  /** Settles when the client has gone. */
  readonly closed: Promise<void>;
}

/** Serves one client over standard input and output, in both revisions. Nothing else may write to the output. */
export async function serveMcpStdio(server: McpServer, options: StdioOptions): Promise<StdioService> {
  const { call, input = process.stdin, output = process.stdout } = options;
  const sdk = await loadServerSdk();
  const { serveStdio, StdioServerTransport } = await import("@modelcontextprotocol/server/stdio");
  const closed = Promise.withResolvers<void>();
  const stops: (() => void)[] = [];
  const handle = serveStdio(
    () => {
      const { server: connected, subscriptions } = server.open({
        sdk,
        callOf: ({ mcpReq }) => ({ ...call, signal: AbortSignal.any([call.signal, mcpReq.signal]) }),
      });
      stops.push(
        server.onChange({
          toolsChanged: () => quietly(connected.sendToolListChanged()),
          promptsChanged: () => quietly(connected.sendPromptListChanged()),
          resourcesChanged: () => quietly(connected.sendResourceListChanged()),
          resourceUpdated: (uri) => {
            if (subscriptions.has(uri)) quietly(connected.sendResourceUpdated({ uri }));
          },
        }),
      );
      return connected;
    },
    { transport: new StdioServerTransport(input, output) },
  );
  const end = async (): Promise<void> => {
    for (const stop of stops) stop();
    await handle.close();
    closed.resolve();
  };
  input.once("close", closed.resolve).once("end", closed.resolve);
  return { closed: closed.promise, [Symbol.asyncDispose]: end };
}

/** A client that has gone is told nothing. */
export function quietly(sending: Promise<void>): void {
  sending.catch(() => undefined);
}
