import type { CallContext } from "@tau/core";

import type { McpServerConfig } from "../config/server-config.ts";
import type { McpLock } from "../pins/mcp-lock.ts";
import type { McpRoot } from "./answer-server.ts";
import type { AskPerson } from "./ask-person.ts";
import type { McpClock } from "./clock.ts";
import type { McpReach } from "./open-transport.ts";
import type { SamplingOptions } from "./sampling.ts";

/** How much a server logs, from much to little. */
export type McpLogLevel =
  | "debug"
  | "info"
  | "notice"
  | "warning"
  | "error"
  | "critical"
  | "alert"
  | "emergency";

/** Something that a server wrote to its log: its words. */
export interface McpLogEntry {
  readonly server: string;
  readonly level: string;
  readonly text: string;
}

/** Options of `createMcpClient`. */
export interface McpClientOptions extends McpReach {
  /** By name: 1 to 32 letters and digits with single `-` or `_` between them. */
  readonly servers: Readonly<Record<string, McpServerConfig>>;
  /** What a person approved. What is not in it is not used. */
  readonly lock: McpLock;
  /** Asks the person of a call what a server wants to know; absent where there is nobody. */
  readonly ask?: AskPerson;
  /** Lets servers have a model asked whose configuration says `sampling`; absent: none. */
  readonly sampling?: SamplingOptions;
  /** The folders that a call works in, for servers whose configuration says `roots`. */
  readonly roots?: (call: CallContext) => readonly McpRoot[];
  readonly onLog?: (entry: McpLogEntry) => void;
  /** The least level that servers log; absent: their own choice. */
  readonly logLevel?: McpLogLevel;
  readonly clock?: McpClock;
}
