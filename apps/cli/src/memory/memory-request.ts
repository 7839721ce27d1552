import type { Memory } from "@tau/memory";

import type { Terminal } from "../terminal.ts";

/** What is asked of a memory, and where the answer goes. */
export interface MemoryRequest {
  readonly memory: Memory;
  readonly terminal: Terminal;
  readonly json: boolean;
  readonly all: boolean;
  readonly yes: boolean;
  readonly erase: boolean;
  /** Milliseconds since the epoch. */
  readonly asOf: number | undefined;
  readonly reason: string | undefined;
  readonly source: string | undefined;
  readonly signal: AbortSignal;
}
