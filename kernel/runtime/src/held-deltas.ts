import type { RunEvent } from "@tau/core";

import type { PlacedDelta } from "./live-feed.ts";

/** Fragments held for one listener; beyond that the oldest are dropped, the finished message has them all. */
const maxHeld = 4_096;

/** Fragments that wait for one listener, in order. */
export class HeldDeltas {
  readonly #held: PlacedDelta[] = [];

  add(delta: PlacedDelta): void {
    if (this.#held.length >= maxHeld) this.#held.shift();
    this.#held.push(delta);
  }

  /**
   * Takes the fragments whose event, `seq` or one before, has been handed over; of finished messages they are dropped.
   * Undefined when there is nothing to show.
   */
  take(seq: number): readonly RunEvent[] | undefined {
    if (this.#held.length === 0) return undefined;
    const waiting = this.#held.findIndex((placed) => placed.afterSeq > seq);
    const taken = this.#held.splice(0, waiting === -1 ? this.#held.length : waiting);
    const shown: RunEvent[] = [];
    for (const { runId, afterSeq, delta } of taken) {
      if (afterSeq === seq || delta.type === "tool_progress") shown.push({ kind: "delta", runId, delta });
    }
    return shown.length === 0 ? undefined : shown;
  }
}
