import type { ToolContext } from "@tau/tools";

/** What the tools of the web share. */
export interface WebOptions {
  /**
   * A `fetch` that reaches only what it may, for one tool call: `createCheckedFetch` of `@tau/egress` makes one. The global
   * `fetch` would let a model reach this machine and its cloud's metadata.
   */
  readonly fetchFor: (context: ToolContext) => typeof globalThis.fetch;
  /** Requests that one host gets in a minute. Default 30. */
  readonly requestsPerMinute?: number;
  /** Milliseconds that a request may take, its body included. Default 30,000. */
  readonly timeoutMs?: number;
  /** Bytes of a body that are read, unpacked. Default 10 MB. */
  readonly maxBodyBytes?: number;
  /** Milliseconds since the epoch; for tests. */
  readonly now?: () => number;
}

/** Defaults of {@link WebOptions}. */
export const webDefaults = { requestsPerMinute: 30, timeoutMs: 30_000, maxBodyBytes: 10_000_000 } as const;

/** Says who asks. Some hosts refuse what does not. */
export const userAgent = "Tau/0.1 (agent runtime)";
