import { offAbort, onAbort } from "@tau/core";

import type { ToolRun } from "../run-call.ts";
import type { ToolContext } from "../tool.ts";

/** Runs a tool in a context. */
export type Start = (context: ToolContext) => Promise<ToolRun>;

/** What a rider gets. */
export interface Ride {
  readonly run: ToolRun;
  /** Whether the tool was run for this rider. */
  readonly led: boolean;
}

/**
 * Lets equal calls that are under way at the same time share one execution.
 *
 * - F1. A rider that is cancelled leaves at once and disturbs no other. When the last one has left, the execution is
 *   aborted, and the last one waits until it has ended, as it would have alone.
 * - F2. Every rider sees the progress from when it joined.
 */
export class Flights {
  readonly #underWay = new Map<string, Flight>();

  /** Joins the execution under this key, or starts it. Throws the rider's `signal.reason`. */
  async ride(key: string, context: ToolContext, start: Start): Promise<Ride> {
    const joined = this.#underWay.get(key);
    if (joined !== undefined) return { run: await joined.board(context), led: false };
    const flight = new Flight(() => {
      if (this.#underWay.get(key) === flight) this.#underWay.delete(key);
    });
    this.#underWay.set(key, flight);
    return { run: await flight.take(context, start), led: true };
  }
}

class Flight {
  readonly #closed: () => void;
  readonly #abort = new AbortController();
  readonly #riders = new Set<ToolContext>();
  #running: Promise<ToolRun> | undefined;

  /** `closed` hears when nobody can board any more. */
  constructor(closed: () => void) {
    this.#closed = closed;
  }

  take(context: ToolContext, start: Start): Promise<ToolRun> {
    const { signal } = this.#abort;
    // Before it starts: it may show progress at once.
    const rider = this.#seat(context);
    this.#running = start({
      ...context,
      call: { ...context.call, signal },
      signal,
      progress: (text) => {
        for (const each of this.#riders) each.progress(text);
      },
    }).finally(this.#closed);
    return this.#wait(rider);
  }

  board(context: ToolContext): Promise<ToolRun> {
    return this.#wait(this.#seat(context));
  }

  /** Two riders may have the same context: each has a seat of its own. */
  #seat(context: ToolContext): ToolContext {
    const rider = { ...context };
    this.#riders.add(rider);
    return rider;
  }

  #wait(rider: ToolContext): Promise<ToolRun> {
    const { signal } = rider;
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#leave(rider).then(() => reject(signal.reason), reject);
      };
      const arrive = (): void => {
        this.#riders.delete(rider);
        offAbort(signal, leave);
      };
      onAbort(signal, leave);
      if (signal.aborted) leave();
      this.#running?.then(resolve, reject).then(arrive, reject);
    });
  }

  async #leave(rider: ToolContext): Promise<void> {
    this.#riders.delete(rider);
    if (this.#riders.size > 0) return;
    this.#closed();
    this.#abort.abort(rider.signal.reason);
    await Promise.allSettled([this.#running]);
  }
}
