/**
 * A map that hardly ever has more than one entry: as long as it has not, it takes no more memory than a small object. A `Map`
 * with one entry takes 180 bytes, and every run that is held open had one.
 */
export class FewMap<Key, Value> {
  #key: Key | undefined;
  #value: Value | undefined;
  #all: Map<Key, Value> | undefined;

  get size(): number {
    if (this.#all !== undefined) return this.#all.size;
    return this.#value === undefined ? 0 : 1;
  }

  get(key: Key): Value | undefined {
    if (this.#all !== undefined) return this.#all.get(key);
    return this.#key === key ? this.#value : undefined;
  }

  has(key: Key): boolean {
    return this.get(key) !== undefined;
  }

  set(key: Key, value: Value & {}): this {
    if (this.#all !== undefined) this.#all.set(key, value);
    else if (this.#key === undefined || this.#value === undefined || this.#key === key) {
      this.#key = key;
      this.#value = value;
    } else {
      this.#all = new Map<Key, Value>().set(this.#key, this.#value).set(key, value);
      this.#key = undefined;
      this.#value = undefined;
    }
    return this;
  }

  /** Tells whether it was there. */
  delete(key: Key): boolean {
    if (this.#all !== undefined) return this.#all.delete(key);
    if (!this.has(key)) return false;
    this.#key = undefined;
    this.#value = undefined;
    return true;
  }

  /** The value whose key was first set of those that are there. */
  first(): Value | undefined {
    return this.#all === undefined ? this.#value : this.#all.values().next().value;
  }
}
