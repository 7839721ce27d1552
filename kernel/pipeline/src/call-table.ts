/** An entry; those of one bucket hang on each other. */
interface Entry<Value> {
  readonly key: string;
  readonly value: Value;
  next: Entry<Value> | undefined;
}

/** A power of two. */
const firstBuckets = 64;

/**
 * A map for what comes with each call and goes with it. A `Map` of such makes itself a new table every few dozen calls and
 * links the one before to it: once one of them is old, the collector finds none of those that follow, nor what stood in
 * them, until it looks at everything. This one keeps its table, and takes what is deleted out of it.
 */
export class CallTable<Value> {
  #buckets: (Entry<Value> | undefined)[] = emptyBuckets(firstBuckets);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(key: string): Value | undefined {
    let entry = this.#buckets[this.#placeOf(key)];
    while (entry !== undefined && entry.key !== key) entry = entry.next;
    return entry?.value;
  }

  /** Takes the place of what is there. */
  set(key: string, value: Value): void {
    this.delete(key);
    if (this.#size >= this.#buckets.length * 2) this.#grow();
    this.#add(key, value);
    this.#size++;
  }

  /** Tells whether it was there. */
  delete(key: string): boolean {
    const place = this.#placeOf(key);
    let before: Entry<Value> | undefined;
    let entry = this.#buckets[place];
    while (entry !== undefined && entry.key !== key) {
      before = entry;
      entry = entry.next;
    }
    if (entry === undefined) return false;
    if (before === undefined) this.#buckets[place] = entry.next;
    else before.next = entry.next;
    // What is old and gone must not hold what is young.
    entry.next = undefined;
    this.#size--;
    return true;
  }

  #add(key: string, value: Value): void {
    const place = this.#placeOf(key);
    this.#buckets[place] = { key, value, next: this.#buckets[place] };
  }

  /** Never shrinks: as many calls at once come again. */
  #grow(): void {
    const before = this.#buckets;
    this.#buckets = emptyBuckets(before.length * 2);
    for (const first of before) {
      for (let entry = first; entry !== undefined; entry = entry.next) this.#add(entry.key, entry.value);
    }
  }

  /** By some of its characters, from all of its length: ids and digests differ everywhere. */
  #placeOf(key: string): number {
    const step = (key.length >> 4) + 1;
    let hash = 0;
    for (let index = 0; index < key.length; index += step) hash = (hash * 31 + key.charCodeAt(index)) | 0;
    return (hash ^ (hash >>> 16)) & (this.#buckets.length - 1);
  }
}

function emptyBuckets<Value>(length: number): (Entry<Value> | undefined)[] {
  return Array.from({ length }, () => undefined);
}
