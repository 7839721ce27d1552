/** What fits a key of a tau.toml: undefined, or what the value must be. */
export type Check = (value: unknown) => string | undefined;

/** What a section may have, by key. */
export type Checks = Readonly<Record<string, Check>>;

/** A text that is not empty. */
export const text: Check = (value) =>
  typeof value === "string" && value !== "" ? undefined : "a text in quotes";

/** True or false. */
export const flag: Check = (value) => (typeof value === "boolean" ? undefined : "true or false");

/** A list of texts. */
export const texts: Check = (value) =>
  Array.isArray(value) && value.every((item) => text(item) === undefined)
    ? undefined
    : 'a list of texts, such as ["one", "two"]';

/** An address of the web. */
export const url: Check = (value) =>
  typeof value === "string" && URL.canParse(value) && /^https?:$/u.test(new URL(value).protocol)
    ? undefined
    : 'a URL, such as "http://127.0.0.1:8000/v1"';

/** A reference to a secret; never the secret itself. */
export const secret: Check = (value) =>
  typeof value === "string" && /^(env:[A-Za-z_][A-Za-z0-9_]*|file:.+)$/u.test(value)
    ? undefined
    : 'a reference, "env:NAME" or "file:PATH", so that no key lies in a file that is shared';

/** One of these words. */
export function oneOf(words: readonly string[]): Check {
  return (value) =>
    typeof value === "string" && words.includes(value) ? undefined : `one of ${words.join(", ")}`;
}

/** A whole number of at least `min`. */
export function countFrom(min: number): Check {
  return (value) =>
    typeof value === "number" && Number.isSafeInteger(value) && value >= min
      ? undefined
      : `a whole number of at least ${min}`;
}

/** Tells whether `value` is a section or an inline table. */
export function isTable(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Tells whether `value` has the key that is needed, and no key but these. */
export function fits(value: unknown, keys: Checks, needed: string): boolean {
  return (
    isTable(value) &&
    needed in value &&
    Object.entries(value).every(([key, one]) => Object.hasOwn(keys, key) && keys[key]?.(one) === undefined)
  );
}
