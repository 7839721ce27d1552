import { isTauError } from "@tau/core";

import type { Clock } from "./clock.ts";
import type { Journal, StreamId } from "./journal.ts";
import { createRecent } from "./recent.ts";

/** What {@link createKeptStreams} needs to know of the streams of `Owner`s and what is made of them. */
export interface KeptStreamsOptions<Owner, State, Item extends { readonly type: string }> {
  readonly journal: Journal;
  readonly clock: Clock;
  /** What is made of so many streams is kept, those used last. */
  readonly maxKept: number;
  /** The same for the same owner, and quick to make. */
  keyOf(owner: Owner): string;
  streamOf(owner: Owner): StreamId;
  /** Of a stream in which nothing is. */
  create(): State;
  decode(body: string): Item;
  apply(state: State, item: Item, owner: Owner): void;
}

/** What streams of the journal say, read on whenever somebody asks; any process may write to them. */
export interface KeptStreams<Owner, State, Item> {
  /** What was read last. */
  known(owner: Owner): State;
  /** Reads what was written since. */
  refresh(owner: Owner, signal: AbortSignal): Promise<State>;
  /** Writes behind all that others wrote, unless `isDone` says of that that it is not needed any more. */
  write(owner: Owner, item: Item, options: WriteOptions<State>): Promise<void>;
}

interface WriteOptions<State> {
  readonly isDone?: (state: State) => boolean;
  readonly signal: AbortSignal;
}

interface Kept<State> {
  upTo: number;
  readonly state: State;
}

/** Makes {@link KeptStreams}. */
export function createKeptStreams<Owner, State, Item extends { readonly type: string }>(
  options: KeptStreamsOptions<Owner, State, Item>,
): KeptStreams<Owner, State, Item> {
  const { journal, clock, keyOf, streamOf } = options;
  const all = createRecent<Kept<State>>(options.maxKept);

  const keptOf = (owner: Owner): Kept<State> => {
    const key = keyOf(owner);
    const kept = all.get(key) ?? { upTo: 0, state: options.create() };
    all.set(key, kept);
    return kept;
  };

  const readOn = async (owner: Owner, signal: AbortSignal): Promise<Kept<State>> => {
    const kept = keptOf(owner);
    for await (const batch of journal.read(streamOf(owner), kept.upTo + 1, signal)) {
      for (const { seq, body } of batch) {
        // Somebody may have read the same meanwhile.
        if (seq <= kept.upTo) continue;
        options.apply(kept.state, options.decode(body), owner);
        kept.upTo = seq;
      }
    }
    return kept;
  };

  return {
    known: (owner) => keptOf(owner).state,
    refresh: async (owner, signal) => (await readOn(owner, signal)).state,
    async write(owner, item, { isDone, signal }) {
      for (;;) {
        const { upTo, state } = await readOn(owner, signal);
        if (isDone?.(state) === true) return;
        try {
          const event = { type: item.type, version: 1, at: clock.now(), body: JSON.stringify(item) };
          await journal.append(streamOf(owner), upTo, [event]);
          break;
        } catch (error) {
          if (!isTauError(error) || error.code !== "journal.conflict") throw error;
        }
      }
      await readOn(owner, signal);
    },
  };
}
