import type { Match } from "./match-argv.ts";
import type { Verdict } from "./rule.ts";

/** What one rule had to do with one effect. */
export interface ExplainedRule {
  /** As written. */
  readonly rule: string;
  readonly verdict: Verdict;
  readonly match: Match;
  /** Why it matches, may match, does not match, or does not count; a clause. */
  readonly why: string;
}
