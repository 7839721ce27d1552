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
  open(tenant: string): OpenStream;
}

/** One open stream. */
export interface OpenStream extends Disposable {
  onBuffered(bytes: number): void;
}

/** How many streams may be open at a time. */
export interface StreamLimits {
  readonly maxStreams: number;
  /** Of them, those of one tenant: no one keeps the others out. */
  readonly maxStreamsPerTenant: number;
}

/** Makes a {@link StreamGauge}. */
export function createStreamGauge({ maxStreams, maxStreamsPerTenant }: StreamLimits): StreamGauge {
  const ofTenants = new Map<string, number>();
  let openStreams = 0;
  let bufferedBytes = 0;
  let peakStreamBytes = 0;
  const count = (tenant: string, change: 1 | -1): void => {
    openStreams += change;
    const now = (ofTenants.get(tenant) ?? 0) + change;
    if (now === 0) ofTenants.delete(tenant);
    else ofTenants.set(tenant, now);
  };

  return {
    get stats() {
      return { openStreams, bufferedBytes, peakStreamBytes };
    },

    open(tenant) {
      const own = ofTenants.get(tenant) ?? 0;
      if (own >= maxStreamsPerTenant) throw tooMany(own, "maxStreamsPerTenant");
      if (openStreams >= maxStreams) throw tooMany(openStreams, "maxStreams");
      count(tenant, 1);
      let mine = 0;
      return {
        onBuffered(bytes) {
          bufferedBytes += bytes - mine;
          mine = bytes;
          if (bytes > peakStreamBytes) peakStreamBytes = bytes;
        },
        [Symbol.dispose]() {
          bufferedBytes -= mine;
          count(tenant, -1);
        },
      };
    },
  };
}

function tooMany(open: number, limit: string): TauError {
  return new TauError(
    "server.too_many_streams",
    `${open} streams are open, as many as ${limit} allows; end some, call again later, or raise it.`,
    { class: "retryable" },
  );
}
