/**
 * A map out of which the oldest entry can be taken. By one iterator that stays where it is: a new one has to pass the holes
 * of all that was taken out before, thousands of them in a map of thousands of entries.
 */
export class AgedMap<Key, Value> {
  readonly #entries = new Map<Key, Value>();
  /** Everything before its place was taken out. Made when it is needed: one that stands still would keep old tables of the map. */
  #oldest: MapIterator<[Key, Value]> | undefined;
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
    if (key !== this.#newest) this.#entries.delete(key);
    this.#entries.set(key, value);
    this.#newest = key;
  }

  delete(key: Key): void {
    this.#entries.delete(key);
  }

  /** Takes the oldest entry out; undefined when there is none. */
  takeOldest(): readonly [Key, Value] | undefined {
    this.#oldest ??= this.#entries.entries();
    const { value } = this.#oldest.next();
    if (value === undefined) this.#oldest = undefined;
    else this.#entries.delete(value[0]);
    return value;
  }
}
