/** What a server allows, each with what happens beyond it. */
export interface ServerLimits {
  /** Bytes of one request message. Beyond: `RESOURCE_EXHAUSTED`. Default 4 MiB. */
  readonly maxRequestBytes: number;
  /** Open Run and Attach calls. Beyond: `RESOURCE_EXHAUSTED`, code `server.too_many_streams`. Default 4,096. */
  readonly maxStreams: number;
  /** Of them, those of one tenant. Beyond: the same. Default all of them; with an `authenticator` half of them. */
  readonly maxStreamsPerTenant?: number;
  /** Calls at a time on one HTTP/2 connection. Beyond: the client waits. Default 256. */
  readonly maxStreamsPerConnection: number;
  /** Open connections. Beyond: closed at once. Default 10,000. */
  readonly maxConnections: number;
  /** Until a connection's first headers are complete. Beyond: closed. Default 10,000 ms. */
  readonly headersTimeoutMs: number;
  /** An HTTP/2 connection without a call. Beyond: closed, and its client opens another. Default 300,000 ms. */
  readonly idleTimeoutMs: number;
  /**
   * Bytes of events that wait for one client; as many again may be on their way out.
   * Beyond: a slow client is served from the journal, without fragments. Default 32 KiB.
   */
  readonly maxBufferedBytes: number;
  /** A client that takes nothing for so long while its buffer is full is slow. Default 250 ms. */
  readonly slowAfterMs: number;
  /** A feed over plain HTTP that says nothing for so long says that it is there: an empty line, or a comment. Default 15,000 ms. */
  readonly keepAliveMs: number;
  /** Time for calls and connections to end at a shutdown. Beyond: closed. Default 5,000 ms. */
  readonly drainMs: number;
}

/** The limits of a server that was given none. */
export const defaultServerLimits: ServerLimits = {
  maxRequestBytes: 4 * 1024 * 1024,
  maxStreams: 4_096,
  maxStreamsPerConnection: 256,
  maxConnections: 10_000,
  headersTimeoutMs: 10_000,
  idleTimeoutMs: 300_000,
  maxBufferedBytes: 32 * 1024,
  slowAfterMs: 250,
  keepAliveMs: 15_000,
  drainMs: 5_000,
};
