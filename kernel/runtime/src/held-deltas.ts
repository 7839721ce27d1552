import type { RunEvent } from "@tau/core";

import type { PlacedDelta } from "./live-feed.ts";

/** Fragments held for one listener; beyond that the oldest are dropped, the finished message has them all. */
const maxHeld = 4_096;

/** Fragments that wait for one listener, in order. */
export class HeldDeltas {
  /** Undefined while there are none, as nearly always. */
  #held: PlacedDelta[] | undefined;

  add(delta: PlacedDelta): void {
    if (this.#held === undefined) {
      this.#held = [delta];
      return;
    }
    if (this.#held.length >= maxHeld) this.#held.shift();
    this.#held.push(delta);
  }

  /**
   * Takes the fragments whose event, `seq` or one before, has been handed over; of finished messages they are dropped.
   * Undefined when there is nothing to show.
   */
  take(seq: number): readonly RunEvent[] | undefined {
    const held = this.#held;
    if (held === undefined) return undefined;
    const waiting = held.findIndex((placed) => placed.afterSeq > seq);
    const taken = waiting === -1 ? held : held.splice(0, waiting);
    if (waiting === -1) this.#held = undefined;
    // Mapped, not pushed: a list that grows has room for sixteen more, and listeners keep the last one that they got.
    const shown = taken
      .filter(({ afterSeq, delta }) => afterSeq === seq || delta.type === "tool_progress")
      .map(({ runId, delta }): RunEvent => ({ kind: "delta", runId, delta }));
    return shown.length === 0 ? undefined : shown;
  }
}
