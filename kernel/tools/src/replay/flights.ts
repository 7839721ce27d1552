import { offAbort, onAbort } from "@tau/core";

import type { ToolRun } from "../run-call.ts";
import type { ToolContext } from "../tool.ts";

/** Runs a tool in a context. */
export type Start = (context: ToolContext) => Promise<ToolRun>;

/** What tells calls apart. */
export interface FlightKey {
  /** Costs little; equal calls have the same, and so have few others. */
  readonly place: string;
  /** Equal for equal calls only. Made out only where two calls of one place are under way at the same time. */
  readonly exact: () => string;
}

/**
 * Lets equal calls that are under way at the same time share one execution.
 *
 * - F1. A rider that is cancelled leaves at once and disturbs no other. When the last one has left, the execution is
 *   aborted, and the last one waits until it has ended, as it would have alone.
 * - F2. Every rider sees the progress from when it joined.
 */
export class Flights {
  readonly #underWay = new Map<string, Set<Flight>>();

  /** Joins the execution of an equal call; undefined when there is none. Rejects with the rider's `signal.reason`. */
  join({ place, exact }: FlightKey, context: ToolContext): Promise<ToolRun> | undefined {
    const there = this.#underWay.get(place);
    if (there === undefined) return undefined;
    const wanted = exact();
    for (const flight of there) if (flight.exact() === wanted) return flight.board(context);
    return undefined;
  }

  /** Starts an execution that others may join. Rejects with the rider's `signal.reason`. */
  begin({ place, exact }: FlightKey, context: ToolContext, start: Start): Promise<ToolRun> {
    const there = this.#underWay.get(place) ?? new Set();
    this.#underWay.set(place, there);
    const flight = new Flight(exact, () => {
      there.delete(flight);
      if (there.size === 0 && this.#underWay.get(place) === there) this.#underWay.delete(place);
    });
    there.add(flight);
    return flight.take(context, start);
  }
}

/** Two riders may have the same context: each has a seat of its own. */
interface Rider {
  readonly context: ToolContext;
}

class Flight {
  readonly exact: () => string;
  readonly #closed: () => void;
  readonly #abort = new AbortController();
  readonly #riders = new Set<Rider>();
  #running: Promise<ToolRun> | undefined;

  /** `closed` hears when nobody can board any more. */
  constructor(exact: () => string, closed: () => void) {
    this.exact = exact;
    this.#closed = closed;
  }

  take(context: ToolContext, start: Start): Promise<ToolRun> {
    const { signal } = this.#abort;
    const rider = { context };
    // Before it starts: it may show progress at once.
    this.#riders.add(rider);
    this.#running = start({
      ...context,
      call: { ...context.call, signal },
      signal,
      progress: (text) => {
        for (const each of this.#riders) each.context.progress(text);
      },
    });
    return this.#wait(rider, this.#running);
  }

  board(context: ToolContext): Promise<ToolRun> {
    const rider = { context };
    this.#riders.add(rider);
    return this.#wait(rider, this.#running ?? Promise.reject(new TypeError("The flight has not begun.")));
  }

  #wait(rider: Rider, running: Promise<ToolRun>): Promise<ToolRun> {
    const { signal } = rider.context;
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#leave(rider).then(() => reject(signal.reason), reject);
      };
      const arrive = (): void => {
        this.#closed();
        this.#riders.delete(rider);
        offAbort(signal, leave);
      };
      onAbort(signal, leave);
      if (signal.aborted) leave();
      running.then(
        (run) => {
          arrive();
          resolve(run);
        },
        (error: unknown) => {
          arrive();
          reject(error);
        },
      );
    });
  }

  async #leave(rider: Rider): Promise<void> {
    this.#riders.delete(rider);
    if (this.#riders.size > 0) return;
    this.#closed();
    this.#abort.abort(rider.context.signal.reason);
    await Promise.allSettled([this.#running]);
  }
}
