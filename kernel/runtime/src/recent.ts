/** A map that keeps the entries used last. */
export interface Recent<T> {
  get(key: string): T | undefined;
  set(key: string, value: T): void;
  delete(key: string): void;
}

/** Makes a {@link Recent} of at most `max` entries. */
export function createRecent<T>(max: number): Recent<T> {
  const entries = new Map<string, T>();
  let newest: string | undefined;
  return {
    get: (key) => entries.get(key),
    delete: (key) => {
      entries.delete(key);
    },
    set(key, value) {
      // Moving an entry leaves a hole in the map; one that is in its place already stays there.
      if (key !== newest) entries.delete(key);
      entries.set(key, value);
      newest = key;
      if (entries.size <= max) return;
      const [oldest] = entries.keys();
      if (oldest !== undefined) entries.delete(oldest);
    },
  };
}
