import type { CallContext } from "@tau/core";

import type { BudgetAccount, BudgetLimit } from "./budget-ledger.ts";

/** Who spends: the tenant, its principal, the run, and each run below it. */
export type BudgetScopeKind = "tenant" | "principal" | "run" | "child";

/** One who spends. */
export interface BudgetScope {
  readonly kind: BudgetScopeKind;
  /** The tenant, the principal's id, or the id of the run. */
  readonly id: string;
}

/** Limits for every scope of a kind, or a function that knows better. No limits: nothing is counted. */
export type BudgetLimits =
  | Readonly<Partial<Record<BudgetScopeKind, readonly BudgetLimit[]>>>
  | ((scope: BudgetScope, context: CallContext) => readonly BudgetLimit[]);

/** What a tenant may use where nobody said otherwise: 60 requests and 100,000 tokens a minute, 50 USD a day. */
export const defaultBudgetLimits: BudgetLimits = {
  tenant: [
    { window: "minute", requests: 60, tokens: 100_000 },
    { window: "day", costMicroUsd: 50_000_000 },
  ],
};

/**
 * Finds the accounts that a call is charged to, from the tenant down. Those of the principal that called last are remembered where
 * nothing else decides: keys that are put together anew have to be hashed anew.
 */
export function accountFinder(limits: BudgetLimits): (context: CallContext) => readonly BudgetAccount[] {
  if (typeof limits === "function") return (context) => accountsOf(context, limits);
  let last: { readonly principal: string; readonly accounts: readonly BudgetAccount[] } | undefined;
  return (context) => {
    if (context.runPath !== undefined) return accountsOf(context, limits);
    const { id } = context.principal;
    if (last?.principal !== id) last = { principal: id, accounts: accountsOf(context, limits) };
    return last.accounts;
  };
}

function accountsOf(context: CallContext, limits: BudgetLimits): readonly BudgetAccount[] {
  const { tenant, principal, runPath } = context;
  const accounts: BudgetAccount[] = [];
  const add = (scope: BudgetScope): void => {
    const found = typeof limits === "function" ? listed(limits(scope, context)) : limits[scope.kind];
    if (found !== undefined && found.length > 0) accounts.push({ key: accountKey(scope), limits: found });
  };
  add({ kind: "tenant", id: tenant });
  add({ kind: "principal", id: principal.id });
  runPath?.forEach((id, depth) => add({ kind: depth === 0 ? "run" : "child", id }));
  return accounts;
}

/** An answer that is none must not pass for no limits. */
function listed(limits: readonly BudgetLimit[]): readonly BudgetLimit[] {
  if (Array.isArray(limits)) return limits;
  throw new TypeError("The function `limits` of a budget must answer a list; an empty one limits nothing.");
}

/** The key of a scope's account in a ledger. */
export function accountKey({ kind, id }: BudgetScope): string {
  return kind === "tenant" ? kind : `${kind}/${id}`;
}
