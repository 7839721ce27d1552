import type { ModelEvent } from "@tau/core";

import { TextAccumulator } from "./text-accumulator.ts";

/** Text that arrives in pieces: each of them is an event, all of them together the part. */
export class StreamedText {
  readonly #text = new TextAccumulator();
  readonly #toEvent: (piece: string) => ModelEvent;

  constructor(toEvent: (piece: string) => ModelEvent) {
    this.#toEvent = toEvent;
  }

  add(piece: string, events: ModelEvent[]): void {
    if (piece === "") return;
    this.#text.add(piece);
    events.push(this.#toEvent(piece));
  }

  get isEmpty(): boolean {
    return this.#text.isEmpty;
  }

  toString(): string {
    return this.#text.toString();
  }
}
