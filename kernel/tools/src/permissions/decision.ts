import type { RuleOrigin } from "./rule-layer.ts";

/** What the rules say about one effect. */
export interface Decision {
  readonly decision: "deny" | "ask" | "allow";
  /** A sentence for people and for the model; a denial says what to do instead. */
  readonly reason: string;
  /** The rule that decided, as written; absent when a default did. */
  readonly rule?: string;
  /** Asked only because nobody knows yet what it changes: a call that turns out to change nothing needs no person. */
  readonly review?: true;
  /** Whose rule it is. */
  readonly layer?: RuleOrigin;
}
