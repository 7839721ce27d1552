import { AgedMap } from "./aged-map.ts";

/** A map that keeps the entries used last. */
export interface Recent<T> {
  get(key: string): T | undefined;
  set(key: string, value: T): void;
  delete(key: string): void;
}

/** Makes a {@link Recent} of at most `max` entries. */
export function createRecent<T>(max: number): Recent<T> {
  const entries = new AgedMap<string, T>();
  return {
    get: (key) => entries.get(key),
    delete: (key) => entries.delete(key),
    set(key, value) {
      entries.set(key, value);
      if (entries.size > max) entries.takeOldest();
    },
  };
}
