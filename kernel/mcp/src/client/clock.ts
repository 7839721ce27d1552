/** Time, as far as servers are stopped and tried again by it. */
export interface McpClock {
  /** Milliseconds since some fixed moment. */
  now(): number;
  /** Runs `act` after that many milliseconds, and keeps no process alive for it; the answer calls it off. */
  after(ms: number, act: () => void): () => void;
}

/** The system's time. */
export const systemClock: McpClock = {
  now: () => performance.now(),
  after(ms, act) {
    const timer = setTimeout(act, ms).unref();
    return () => {
      clearTimeout(timer);
    };
  },
};
