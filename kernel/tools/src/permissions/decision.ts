import type { RuleOrigin } from "./rule-layer.ts";

/** What the rules say about one effect. */
export interface Decision {
  readonly decision: "deny" | "ask" | "allow";
  /** A sentence for people and for the model; a denial says what to do instead. */
  readonly reason: string;
  /** The rule that decided, as written; absent when a default did. */
  readonly rule?: string;
  /** Whose rule it is. */
  readonly layer?: RuleOrigin;
}
