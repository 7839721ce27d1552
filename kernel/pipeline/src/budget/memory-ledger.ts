import { CallTable } from "../call-table.ts";
import { addAmounts, noAmounts, subtractAmounts } from "./amounts.ts";
import type { Amounts } from "./amounts.ts";
import { metricWithoutRoom } from "./budget-ledger.ts";
import type { BudgetLedger, BudgetRefusal, Reservation } from "./budget-ledger.ts";
import { windowEnd, windowStart } from "./budget-window.ts";
import type { BudgetWindow } from "./budget-window.ts";

/** What one account took in one window. The next window has another one: what is settled late changes the old one. */
interface Counter {
  readonly start: number;
  /** Where the next window begins, which is cheaper to compare with than to find anew. */
  readonly end: number;
  taken: Amounts;
}

/** New accounts between two looks for those that nobody needs any more. */
const sweepEvery = 1_000;

interface Held {
  readonly amounts: Amounts;
  readonly charged: readonly Counter[];
}

/** A {@link BudgetLedger} in memory, and a look at how much it remembers. */
export interface MemoryBudgetLedger extends BudgetLedger {
  /** Accounts of a tenant that are counted. */
  accounts(tenant: string): number;
}

/** Makes a {@link BudgetLedger} that forgets everything when the process ends; for one process only. */
export function createMemoryBudgetLedger(): MemoryBudgetLedger {
  const tenants = new Map<string, TenantLedger>();
  const ledgerOf = (tenant: string): TenantLedger => {
    const known = tenants.get(tenant);
    if (known !== undefined) return known;
    const made = new TenantLedger();
    tenants.set(tenant, made);
    return made;
  };

  return {
    reserve: (reservation) => ledgerOf(reservation.tenant).reserve(reservation),
    settle: (tenant, id, used) => tenants.get(tenant)?.settle(id, used),
    taken: async ({ tenant, account, window, at }) => {
      const counter = tenants.get(tenant)?.find(account, window);
      return counter?.start === windowStart(window, at) ? counter.taken : noAmounts;
    },
    forget: async (tenant, account) => tenants.get(tenant)?.forget(account),
    accounts: (tenant) => tenants.get(tenant)?.accounts ?? 0,
  };
}

/**
 * One tenant's counters: one for each account and kind of window, and only while the window lasts, so that memory
 * does not grow with time, nor with all who ever asked.
 */
class TenantLedger {
  readonly #counters = new Map<string, Map<BudgetWindow, Counter>>();
  readonly #held = new CallTable<Held>();
  #added = 0;

  reserve({ id, accounts, amounts, at }: Reservation): BudgetRefusal | undefined {
    const charged: Counter[] = [];
    for (const { key, limits } of accounts) {
      for (const limit of limits) {
        const counter = this.#current(key, limit.window, at);
        const metric = metricWithoutRoom(limit, counter.taken, amounts);
        if (metric !== undefined) {
          const { window, [metric]: most = 0 } = limit;
          return { account: key, window, metric, limit: most, taken: counter.taken[metric] };
        }
        // Two limits of one window share a counter, which is charged once.
        if (!charged.includes(counter)) charged.push(counter);
      }
    }
    for (const counter of charged) counter.taken = addAmounts(counter.taken, amounts);
    this.#held.set(id, { amounts, charged });
    return undefined;
  }

  settle(id: string, used: Amounts): void {
    const held = this.#held.get(id);
    if (held === undefined) return;
    this.#held.delete(id);
    const difference = subtractAmounts(used, held.amounts);
    for (const counter of held.charged) counter.taken = addAmounts(counter.taken, difference);
  }

  get accounts(): number {
    return this.#counters.size;
  }

  find(account: string, window: BudgetWindow): Counter | undefined {
    return this.#counters.get(account)?.get(window);
  }

  forget(account: string): void {
    this.#counters.delete(account);
  }

  #current(account: string, window: BudgetWindow, at: number): Counter {
    let windows = this.#counters.get(account);
    if (windows === undefined) {
      if (++this.#added % sweepEvery === 0) this.#sweep(at);
      this.#counters.set(account, (windows = new Map()));
    }
    const known = windows.get(window);
    if (known !== undefined && at < known.end) return known;
    const end = windowEnd(window, at) ?? Infinity;
    const counter = { start: windowStart(window, at), end, taken: noAmounts };
    windows.set(window, counter);
    return counter;
  }

  /** Drops what is over; an `ever` window is until its account is forgotten. */
  #sweep(at: number): void {
    for (const [account, windows] of this.#counters) {
      for (const [window, { end }] of windows) {
        if (end <= at) windows.delete(window);
      }
      if (windows.size === 0) this.#counters.delete(account);
    }
  }
}
