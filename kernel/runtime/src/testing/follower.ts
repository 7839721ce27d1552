import type { Journal, StoredEvent, StreamId } from "../journal.ts";

/** A listener in the background that keeps what it hears. */
export interface Follower {
  readonly seen: readonly StoredEvent[];
  /** Settles when the event `seq` was heard. */
  until(seq: number): Promise<void>;
  /** Aborts and answers what the iteration threw. */
  stop(): Promise<unknown>;
  /** What the iteration threw, once it ends by itself. */
  readonly ended: Promise<unknown>;
}

/** Follows `id` until it is stopped. */
export function startFollower(journal: Journal, id: StreamId, from: number): Follower {
  const seen: StoredEvent[] = [];
  const stopping = new AbortController();
  let heard = Promise.withResolvers<void>();

  async function listen(): Promise<unknown> {
    try {
      for await (const batch of journal.follow(id, from, stopping.signal)) {
        if (batch.length === 0) throw new Error("the journal yielded an empty batch");
        seen.push(...batch);
        heard.resolve();
        heard = Promise.withResolvers<void>();
      }
    } catch (error) {
      return error;
    }
    return new Error("follow ended without an error");
  }

  const ended = listen();
  return {
    seen,
    ended,
    async until(seq) {
      while ((seen.at(-1)?.seq ?? 0) < seq) {
        const failed = await Promise.race([heard.promise, ended.then((error) => ({ error }))]);
        if (failed !== undefined) throw failed.error;
      }
    },
    stop() {
      stopping.abort(new Error("stopped by the test"));
      return ended;
    },
  };
}
