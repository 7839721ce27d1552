import { isUtf8 } from "node:buffer";

import type { JSONRPCMessage, Transport } from "@modelcontextprotocol/client";

import { maxMessageBytes, tooLarge } from "./mcp-fetch.ts";
import { loadSdk } from "./sdk.ts";
import type { ServerHost, ServerProcess } from "./server-process.ts";

/** Options of {@link createStdioTransport}. */
export interface StdioTransportOptions {
  readonly host: ServerHost;
  readonly argv: readonly [string, ...string[]];
  readonly env: Readonly<Record<string, string>>;
}

/** A transport that also says what the server wrote to standard error. */
export interface StdioTransport extends Transport {
  /** The last kilobytes, for logs. */
  lastWords(): string;
}

const maxLastWords = 4_000;

/** Talks to a server that is started in an environment, one JSON message a line. */
export async function createStdioTransport(options: StdioTransportOptions): Promise<StdioTransport> {
  const { ReadBuffer, serializeMessage } = await loadSdk();
  const buffer = new ReadBuffer({ maxBufferSize: maxMessageBytes });
  const ended = new AbortController();
  let running: ServerProcess | undefined;
  let lastWords = "";

  const read = (chunk: Uint8Array): void => {
    try {
      buffer.append(Buffer.from(chunk));
    } catch {
      transport.onerror?.(tooLarge());
      ended.abort();
      return;
    }
    for (;;) {
      const message = nextMessage();
      if (message === undefined) return;
      transport.onmessage?.(message);
    }
  };
  // A line that is no message is a server that prints what it should not; the next line may be fine.
  const nextMessage = (): JSONRPCMessage | undefined => {
    for (;;) {
      try {
        return buffer.readMessage() ?? undefined;
      } catch (error) {
        transport.onerror?.(error instanceof Error ? error : new Error(String(error)));
      }
    }
  };
  const watch = async (process: ServerProcess): Promise<void> => {
    await process.exit.catch(() => undefined);
    running = undefined;
    buffer.clear();
    transport.onclose?.();
  };

  const transport: StdioTransport & { readonly pid: null; readonly stderr: null } = {
    // These two tell the SDK that this is no HTTP: a server that says nothing to its first question is an old one.
    pid: null,
    stderr: null,
    async start() {
      const { host, argv, env } = options;
      running = await host.start(
        {
          argv,
          env,
          onOutput: (chunk, stream) => {
            if (stream === "stdout") read(chunk);
            else lastWords = (lastWords + decode(chunk)).slice(-maxLastWords);
          },
        },
        ended.signal,
      );
      watching = watch(running);
    },
    async send(message) {
      if (running === undefined) throw new Error("The server has ended.");
      await running.write(serializeMessage(message));
    },
    async close() {
      running?.closeInput();
      await running?.kill();
      ended.abort();
      await watching;
    },
    lastWords: () => lastWords,
  };
  let watching: Promise<void> | undefined;
  return transport;
}

function decode(chunk: Uint8Array): string {
  return isUtf8(chunk) ? Buffer.from(chunk).toString("utf8") : Buffer.from(chunk).toString("latin1");
}
