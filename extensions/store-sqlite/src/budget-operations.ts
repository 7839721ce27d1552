import { metricWithoutRoom, noAmounts, subtractAmounts, windowStart } from "@tau/pipeline/budget";
import type { Amounts, BudgetQuery, BudgetRefusal, BudgetWindow, Reservation } from "@tau/pipeline/budget";

import type { BudgetAnswers, BudgetWrite } from "./budget-protocol.ts";
import type { TenantDatabase } from "./tenant-database.ts";
import { unreachable } from "./unreachable.ts";

/** How long a reservation that nobody settles can still be settled; what it set aside stays counted. */
const settleWithinMs = 86_400_000;
/** Windows that are kept after their end, for late settlements: longer than any window that ends. */
const keepWindowsMs = 70 * 86_400_000;

/** One window of one account. */
type Place = readonly [account: string, window: BudgetWindow, start: number];

/** Carries out a write on budgets inside the open transaction. */
export function writeBudget(
  database: TenantDatabase,
  operation: BudgetWrite,
): BudgetAnswers[BudgetWrite["op"]] {
  switch (operation.op) {
    case "budget_reserve":
      return reserve(database, operation.reservation) ?? null;
    case "budget_settle":
      settle(database, operation.id, operation.used);
      return null;
    case "budget_forget":
      database.sql("DELETE FROM budget_counters WHERE account = ?").run(operation.account);
      return null;
    default:
      return unreachable(operation);
  }
}

/** What an account has used and set aside in the window of a moment. */
export function readBudget(database: TenantDatabase, { account, window, at }: BudgetQuery): Amounts {
  return takenIn(database, [account, window, windowStart(window, at)]);
}

function reserve(database: TenantDatabase, reservation: Reservation): BudgetRefusal | undefined {
  const { id, accounts, amounts, at } = reservation;
  const places = new Map<string, Place>();
  for (const { key, limits } of accounts) {
    for (const limit of limits) {
      const place: Place = [key, limit.window, windowStart(limit.window, at)];
      const taken = takenIn(database, place);
      const metric = metricWithoutRoom(limit, taken, amounts);
      if (metric !== undefined) {
        return {
          account: key,
          window: limit.window,
          metric,
          limit: limit[metric] ?? 0,
          taken: taken[metric],
        };
      }
      places.set(JSON.stringify(place), place);
    }
  }
  sweep(database, at);
  for (const place of places.values()) charge(database, place, amounts);
  database
    .sql("INSERT OR REPLACE INTO budget_held VALUES (?, ?, ?, ?)")
    .run(id, at, JSON.stringify(amounts), JSON.stringify([...places.values()]));
  return undefined;
}

function settle(database: TenantDatabase, id: string, used: Amounts): void {
  const row: unknown = database.sql("DELETE FROM budget_held WHERE id = ? RETURNING amounts, places").get(id);
  if (!Array.isArray(row)) return;
  const held: Amounts = JSON.parse(String(row[0]));
  const places: readonly Place[] = JSON.parse(String(row[1]));
  const difference = subtractAmounts(used, held);
  for (const place of places) charge(database, place, difference, "known");
}

/** Adds to a counter; only to one that is there when it must be `known`: a forgotten account stays forgotten. */
function charge(
  database: TenantDatabase,
  place: Place,
  amounts: Amounts,
  which: "any" | "known" = "any",
): void {
  const { requests, tokens, costMicroUsd } = amounts;
  if (which === "any")
    database.sql("INSERT OR IGNORE INTO budget_counters VALUES (?, ?, ?, 0, 0, 0)").run(...place);
  database
    .sql(
      `UPDATE budget_counters SET requests = requests + ?, tokens = tokens + ?, cost = cost + ?
       WHERE account = ? AND "window" = ? AND start = ?`,
    )
    .run(requests, tokens, costMicroUsd, ...place);
}

function takenIn(database: TenantDatabase, place: Place): Amounts {
  const row: unknown = database
    .sql(
      'SELECT requests, tokens, cost FROM budget_counters WHERE account = ? AND "window" = ? AND start = ?',
    )
    .get(...place);
  if (!Array.isArray(row)) return noAmounts;
  return { requests: Number(row[0]), tokens: Number(row[1]), costMicroUsd: Number(row[2]) };
}

/** Drops what no later call can ask for; a few rows at a time, so that no call pays for many. */
function sweep(database: TenantDatabase, at: number): void {
  database.sql("DELETE FROM budget_held WHERE at < ?").run(at - settleWithinMs);
  database
    .sql(
      `DELETE FROM budget_counters WHERE rowid IN
       (SELECT rowid FROM budget_counters WHERE start > 0 AND start < ? LIMIT 20)`,
    )
    .run(at - keepWindowsMs);
}
