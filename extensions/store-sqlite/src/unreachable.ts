/** Makes a `switch` exhaustive. The one of `@tau/core` would load all of it into the database thread. */
export function unreachable(value: never): never {
  throw new TypeError(`Unexpected value: ${JSON.stringify(value)}`);
}
