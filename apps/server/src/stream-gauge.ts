import { TauError } from "@tau/core";

/** What the open streams of a server weigh. */
export interface StreamStats {
  readonly openStreams: number;
  /** Bytes of events that wait for clients or are on their way to them, all streams together. */
  readonly bufferedBytes: number;
  /** The most that this ever was for one client. */
  readonly peakStreamBytes: number;
}

/** Counts open streams, and what waits for their clients. */
export interface StreamGauge {
  readonly stats: StreamStats;
  /** @throws TauError `server.too_many_streams` */
  open(): OpenStream;
}

/** One open stream. */
export interface OpenStream extends Disposable {
  onBuffered(bytes: number): void;
}

/** Makes a {@link StreamGauge} that lets `maxStreams` be open at a time. */
export function createStreamGauge(maxStreams: number): StreamGauge {
  let openStreams = 0;
  let bufferedBytes = 0;
  let peakStreamBytes = 0;

  return {
    get stats() {
      return { openStreams, bufferedBytes, peakStreamBytes };
    },

    open() {
      if (openStreams >= maxStreams) {
        throw new TauError(
          "server.too_many_streams",
          `${openStreams} streams are open, as many as maxStreams allows; end some, call again later, or raise it.`,
          { class: "retryable" },
        );
      }
      openStreams += 1;
      let mine = 0;
      return {
        onBuffered(bytes) {
          bufferedBytes += bytes - mine;
          mine = bytes;
          if (bytes > peakStreamBytes) peakStreamBytes = bytes;
        },
        [Symbol.dispose]() {
          bufferedBytes -= mine;
          openStreams -= 1;
        },
      };
    },
  };
}
