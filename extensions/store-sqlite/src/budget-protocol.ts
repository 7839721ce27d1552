import type { Amounts, BudgetQuery, BudgetRefusal, Reservation } from "@tau/pipeline";

/** Operations on budgets that change a tenant's file. */
export type BudgetWrite =
  | { readonly op: "budget_reserve"; readonly tenant: string; readonly reservation: Reservation }
  | { readonly op: "budget_settle"; readonly tenant: string; readonly id: string; readonly used: Amounts }
  | { readonly op: "budget_forget"; readonly tenant: string; readonly account: string };

/** Operations on budgets that only look. */
export interface BudgetRead {
  readonly op: "budget_taken";
  readonly tenant: string;
  readonly query: BudgetQuery;
}

/** What each of them answers. */
export interface BudgetAnswers {
  /** Null when granted. */
  readonly budget_reserve: BudgetRefusal | null;
  readonly budget_settle: null;
  readonly budget_forget: null;
  readonly budget_taken: Amounts;
}
