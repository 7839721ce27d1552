/**
 * Remembers the JSON of values that never change, so that a long history is serialised once and every
 * later request only concatenates. Keyed by identity: a message must not be edited in place.
 */
export function fragmentCache<Value extends object>(
  write: (value: Value) => string,
): (value: Value) => string {
  const fragments = new WeakMap<Value, string>();
  return (value) => {
    let fragment = fragments.get(value);
    if (fragment === undefined) {
      fragment = write(value);
      fragments.set(value, fragment);
    }
    return fragment;
  };
}

/** Joins the fragments of a list; empty ones stand for nothing at all. */
export function joinFragments<Value>(values: readonly Value[], fragmentOf: (value: Value) => string): string {
  const fragments: string[] = [];
  for (const value of values) {
    const fragment = fragmentOf(value);
    if (fragment !== "") fragments.push(fragment);
  }
  // Not by `+=`: that leaves a tree of pieces, which the socket would have to flatten once more.
  return fragments.join(",");
}
