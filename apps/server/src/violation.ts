/** One field that a request may not have like this. */
export interface Violation {
  /** The path of the field as the contract names it, for example `entries[2].key`. */
  readonly field: string;
  /** What is wrong and what to do. */
  readonly reason: string;
}

/** The violation, unless the rule holds. */
export function check(holds: boolean, field: string, reason: string): readonly Violation[] {
  return holds ? [] : [{ field, reason }];
}
