import { isTauError } from "@tau/core";

import type { Layer, ModelStream } from "../layer.ts";
import { watchStream } from "../watch-stream.ts";
import type { BudgetAccount } from "./budget-ledger.ts";
import type { BudgetLayerOptions } from "./budget-options.ts";
import { accountFinder } from "./budget-scopes.ts";
import { budgetUnavailable } from "./budget-unavailable.ts";
import { BudgetWatch } from "./budget-watch.ts";

/**
 * Sets aside what a call may use before it is made, and counts what it used after. An answer that grows beyond
 * what was expected sets more aside while it streams; where the budget has no room for that, it is cut at 120 %.
 * A cache hit costs nothing, a call that failed before an answer began counts as a request only.
 *
 * Fails closed: limits that cannot be found, a ledger that cannot answer, or a model without a price where money is limited, is no call.
 *
 * @throws TauError (from the stream) `budget.exceeded`, `budget.cut`, `budget.unknown_price`, `budget.unavailable`; and what a
 *   function of limits throws as a TauError, a TypeError or a RangeError, or a TypeError when it answers no list
 */
export function budgetLayer(options: BudgetLayerOptions): Layer {
  const accountsOf = accountFinder(options.limits);
  return {
    name: "budget",
    wrap: (next) => (call) => {
      let accounts: readonly BudgetAccount[];
      try {
        accounts = accountsOf(call.context);
      } catch (error) {
        return refused(isFinal(error) ? error : budgetUnavailable(error));
      }
      if (accounts.length === 0) return next(call);
      const budget = new BudgetWatch({ call, accounts, options }, next);
      return watchStream({
        open: () => budget.open(),
        seen: (batch) => budget.seen(batch),
        ended: () => budget.ended(),
      });
    },
  };
}

/** A refusal that whoever wrote the limits means, or a bug: asking again helps with neither. */
function isFinal(error: unknown): error is Error {
  return isTauError(error) || error instanceof TypeError || error instanceof RangeError;
}

function refused(error: Error): ModelStream {
  return watchStream({
    open() {
      throw error;
    },
  });
}
