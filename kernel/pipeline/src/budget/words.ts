/**
 * What a ledger needs, and nothing that a model call needs: adapters run in threads and processes that should
 * start quickly.
 */
export type { Amounts } from "./amounts.ts";
export { noAmounts, subtractAmounts } from "./amounts.ts";
export type { BudgetQuery, BudgetRefusal, Reservation } from "./budget-ledger.ts";
export { metricWithoutRoom } from "./budget-ledger.ts";
export type { BudgetWindow } from "./budget-window.ts";
export { windowStart } from "./budget-window.ts";
