import type { JournalEvent, StoredEvent, StreamId } from "@tau/runtime";

// Only streams that nobody follows yet: enough for whoever begins to follow what was just written.
const maxStreams = 1_000;
const maxCharacters = 4_194_304;
const maxEventsOfStream = 64;

interface Tail {
  /** The sequence number of the first event. */
  from: number;
  events: readonly JournalEvent[];
  characters: number;
}

/**
 * What this process wrote last to streams, so that a follower need not read it back. Everything here is durable and in
 * order; what other processes wrote behind it is not here.
 */
export class RecentEvents {
  readonly #byTenant = new Map<string, Map<string, Tail>>();
  #streams = 0;
  #characters = 0;

  /** Keeps the events of an append to a stream that had `version` events. */
  keep({ tenant, stream }: StreamId, version: number, events: readonly JournalEvent[]): void {
    const tails = this.#byTenant.get(tenant) ?? new Map<string, Tail>();
    this.#byTenant.set(tenant, tails);
    const known = tails.get(stream);
    const continues = known !== undefined && known.from + known.events.length === version + 1;
    const isShort = continues && known.events.length + events.length <= maxEventsOfStream;
    let characters = 0;
    for (const { body } of events) characters += body.length;
    if (isShort) {
      known.events = [...known.events, ...events];
      known.characters += characters;
      this.#characters += characters;
    } else {
      if (known !== undefined) this.#drop(tails, stream, known);
      tails.set(stream, { from: version + 1, events, characters });
      this.#streams += 1;
      this.#characters += characters;
    }
    this.#trim();
  }

  /** The events of a stream from `next` on, as far as this process wrote them; undefined when that is not known. */
  from({ tenant, stream }: StreamId, next: number): readonly StoredEvent[] | undefined {
    const tail = this.#byTenant.get(tenant)?.get(stream);
    if (tail === undefined || next < tail.from || next > tail.from + tail.events.length) return undefined;
    return tail.events.slice(next - tail.from).map((event, index) => ({ ...event, seq: next + index }));
  }

  /** Forgets a stream. */
  forget({ tenant, stream }: StreamId): void {
    const tails = this.#byTenant.get(tenant);
    const known = tails?.get(stream);
    if (tails !== undefined && known !== undefined) this.#drop(tails, stream, known);
  }

  /** Forgets all streams of a tenant: other processes wrote, perhaps behind what is kept. */
  forgetAll(tenant: string): void {
    const tails = this.#byTenant.get(tenant);
    if (tails === undefined) return;
    for (const [stream, tail] of tails) this.#drop(tails, stream, tail);
    this.#byTenant.delete(tenant);
  }

  #drop(tails: Map<string, Tail>, stream: string, { characters }: Tail): void {
    tails.delete(stream);
    this.#streams -= 1;
    this.#characters -= characters;
  }

  /** Drops the oldest until the rest is small enough. */
  #trim(): void {
    if (this.#streams <= maxStreams && this.#characters <= maxCharacters) return;
    for (const [tenant, tails] of this.#byTenant) {
      for (const [stream, tail] of tails) {
        this.#drop(tails, stream, tail);
        if (this.#streams <= maxStreams && this.#characters <= maxCharacters) return;
      }
      this.#byTenant.delete(tenant);
    }
  }
}
