import type { RetryNotice } from "@tau/agent";
import type { MicroUsd, Observer } from "@tau/core";
import { defaultChain } from "@tau/pipeline";
import type { BudgetLimit, BudgetLimits, DefaultChain } from "@tau/pipeline";
import type { SqliteStore } from "@tau/store-sqlite";

import type { ConfigFile } from "./config-file.ts";

/** Options of {@link localChain}. */
export interface LocalChainOptions {
  readonly store: SqliteStore;
  readonly budget: ConfigFile["budget"];
  readonly onRetry?: (notice: RetryNotice) => void;
  readonly observer?: Observer;
}

/**
 * What stands around the model on this machine: each call is kept for `tau events`, fits into the budget, is repeated
 * when that may help, and a provider that fails too often is left alone. Answers pass as they are: this is the user's
 * own machine, and a run asks nothing twice that could be kept.
 */
export function localChain({ store, budget, onRetry, observer }: LocalChainOptions): DefaultChain {
  const observed = observer === undefined ? {} : { observer };
  const limits = limitsOf(budget);
  return defaultChain({
    telemetry: { events: store.calls, ...observed },
    budget: limits === undefined ? false : { ledger: store.budget, limits, ...observed },
    validation: false,
    cache: observed,
    guard: false,
    routing: false,
    retry: onRetry === undefined ? {} : { onRetry },
  });
}

/** What `[budget]` of a tau.toml means; undefined when it limits nothing. */
function limitsOf(budget: ConfigFile["budget"]): BudgetLimits | undefined {
  const { minute_requests: requests, minute_tokens: tokens, day_cost, month_cost, run_cost } = budget;
  const minute: BudgetLimit = {
    window: "minute",
    ...(requests === undefined ? {} : { requests }),
    ...(tokens === undefined ? {} : { tokens }),
  };
  const tenant = [
    ...(requests === undefined && tokens === undefined ? [] : [minute]),
    ...costIn("day", day_cost),
    ...costIn("month", month_cost),
  ];
  const run = costIn("ever", run_cost);
  return tenant.length + run.length === 0 ? undefined : { tenant, run };
}

function costIn(window: BudgetLimit["window"], costMicroUsd: MicroUsd | undefined): readonly BudgetLimit[] {
  return costMicroUsd === undefined ? [] : [{ window, costMicroUsd }];
}
