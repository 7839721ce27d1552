import { hash } from "node:crypto";

/** Which ids of calls a protocol takes. */
export interface CallIdRule {
  /** Of the whole id. */
  readonly pattern: RegExp;
  /** Characters of an id that takes the place of one that does not fit. */
  readonly length: number;
}

/**
 * The id of a call as a protocol takes it: another provider may have made the call, or a server that has its own ideas
 * (`functions.read:0`). The same id becomes the same one, so that a result still names its call.
 */
export function toCallId(id: string, { pattern, length }: CallIdRule): string {
  return pattern.test(id) ? id : hash("sha256", id, "hex").slice(0, length);
}
