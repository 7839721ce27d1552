/**
 * A set that hardly ever has more than one item: as long as it has not, it takes no more memory than a small object. A `Set`
 * takes 150 bytes, also an empty one, and a run that is held open had half a dozen of them.
 */
export class FewSet<Item> {
  #only: Item | undefined;
  #all: Set<Item> | undefined;

  get size(): number {
    if (this.#all !== undefined) return this.#all.size;
    return this.#only === undefined ? 0 : 1;
  }

  has(item: Item): boolean {
    if (this.#all !== undefined) return this.#all.has(item);
    return this.#only !== undefined && this.#only === item;
  }

  add(item: Item & {}): this {
    if (this.#all !== undefined) this.#all.add(item);
    else if (this.#only === undefined) this.#only = item;
    else if (this.#only !== item) {
      this.#all = new Set([this.#only, item]);
      this.#only = undefined;
    }
    return this;
  }

  /** Tells whether it was there. */
  delete(item: Item): boolean {
    if (this.#all !== undefined) return this.#all.delete(item);
    if (this.#only === undefined || this.#only !== item) return false;
    this.#only = undefined;
    return true;
  }

  /** Calls `act` with every item, in the order in which they were added; who is deleted meanwhile is left out. */
  forEach(act: (item: Item) => void): void {
    if (this.#only !== undefined) act(this.#only);
    else if (this.#all !== undefined) for (const item of this.#all) act(item);
  }

  /** The items, in the order in which they were added. */
  values(): readonly Item[] {
    if (this.#all !== undefined) return [...this.#all];
    return this.#only === undefined ? [] : [this.#only];
  }
}
