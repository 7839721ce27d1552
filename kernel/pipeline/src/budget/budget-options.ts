import type { Observer } from "@tau/core";

import type { BudgetLedger } from "./budget-ledger.ts";
import type { BudgetLimits } from "./budget-scopes.ts";

/** Options of `budgetLayer()`. */
export interface BudgetLayerOptions {
  readonly ledger: BudgetLedger;
  readonly limits: BudgetLimits;
  /** Tokens that are set aside for an answer whose request has no limit of its own. Default 2,048. */
  readonly expectedOutputTokens?: number;
  /** Let models without a price pass although money is limited; they count as free, a service without one as the usual one. Default false. */
  readonly allowUnknownPrice?: boolean;
  /** Hears of settlements that failed. */
  readonly observer?: Observer;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}
