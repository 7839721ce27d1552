import { offAbort, onAbort } from "@tau/core";

import type { StartedCall, ToolRun } from "../run-call.ts";
import type { ToolContext } from "../tool.ts";

/** Starts a tool in a context; `progress` gets what it shows. */
export type Start = (context: ToolContext, progress: ToolContext["progress"]) => StartedCall;

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
  readonly #underWay = new Map<string, readonly Flight[]>();

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
    const flight = new Flight(exact, () => this.#close(place, flight));
    this.#underWay.set(place, [...(this.#underWay.get(place) ?? []), flight]);
    return flight.take(context, start);
  }

  #close(place: string, flight: Flight): void {
    const others = this.#underWay.get(place)?.filter((other) => other !== flight);
    if (others === undefined || others.length === 0) this.#underWay.delete(place);
    else this.#underWay.set(place, others);
  }
}

/** Two riders may have the same context: each has a seat of its own. */
interface Rider {
  readonly context: ToolContext;
}

class Flight {
  readonly exact: () => string;
  readonly #closed: () => void;
  #riders: readonly Rider[] = [];
  #call: StartedCall | undefined;

  /** `closed` hears when nobody can board any more. */
  constructor(exact: () => string, closed: () => void) {
    this.exact = exact;
    this.#closed = closed;
  }

  take(context: ToolContext, start: Start): Promise<ToolRun> {
    const rider = { context };
    // Before it starts: it may show progress at once.
    this.#riders = [rider];
    const progress = (text: string): void => {
      for (const each of this.#riders) each.context.progress(text);
    };
    this.#call = start(context, progress);
    return this.#wait(rider, this.#call);
  }

  board(context: ToolContext): Promise<ToolRun> {
    if (this.#call === undefined) return Promise.reject(new TypeError("The flight has not begun."));
    const rider = { context };
    this.#riders = [...this.#riders, rider];
    return this.#wait(rider, this.#call);
  }

  #wait(rider: Rider, call: StartedCall): Promise<ToolRun> {
    const { signal } = rider.context;
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#leave(rider, call).then(() => reject(signal.reason), reject);
      };
      const arrive = (): void => {
        this.#closed();
        this.#left(rider);
        offAbort(signal, leave);
      };
      onAbort(signal, leave);
      if (signal.aborted) leave();
      call.ran.then(
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

  async #leave(rider: Rider, { ran, cancel }: StartedCall): Promise<void> {
    this.#left(rider);
    if (this.#riders.length > 0) return;
    this.#closed();
    cancel(rider.context.signal.reason);
    await Promise.allSettled([ran]);
  }

  #left(rider: Rider): void {
    this.#riders = this.#riders.filter((other) => other !== rider);
  }
}
