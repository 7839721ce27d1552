/**
 * A map out of which the oldest entry can be taken. By one iterator that stays where it is: a new one has to pass the holes
 * of all that was taken out before, thousands of them in a map of thousands of entries.
 */
export class AgedMap<Key, Value> {
  readonly #entries = new Map<Key, Value>();
  /**
   * Everything before its place was taken out. V8 puts a map that changed much into a new table, and an iterator that stands still keeps the old
   * one, whatever was in it, and all that came after: so it is let go of when nothing is taken for long.
   */
  #oldest: MapIterator<[Key, Value]> | undefined;
  /** Entries that left otherwise since one was taken. */
  #left = 0;
  #newest: Key | undefined;

  get size(): number {
    return this.#entries.size;
  }

  get(key: Key): Value | undefined {
    return this.#entries.get(key);
  }

  /** Sets an entry, which is the newest now. */
  set(key: Key, value: Value): void {
    // Moving an entry leaves a hole in the map; one that is in its place already stays there.
    if (key !== this.#newest) this.delete(key);
    this.#entries.set(key, value);
    this.#newest = key;
  }

  delete(key: Key): void {
    if (this.#entries.delete(key) && ++this.#left > this.#entries.size) this.#oldest = undefined;
  }

  /** Takes the oldest entry out; undefined when there is none. */
  takeOldest(): readonly [Key, Value] | undefined {
    this.#left = 0;
    this.#oldest ??= this.#entries.entries();
    const { value } = this.#oldest.next();
    if (value === undefined) this.#oldest = undefined;
    else this.#entries.delete(value[0]);
    return value;
  }
}
