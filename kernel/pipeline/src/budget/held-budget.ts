import { uuidv7 } from "@tau/core";

import { noAmounts } from "./amounts.ts";
import type { Amounts } from "./amounts.ts";
import type { BudgetAccount, BudgetLedger, BudgetRefusal } from "./budget-ledger.ts";

/** Whose budget, and where it is kept. */
export interface BudgetHolder {
  readonly ledger: BudgetLedger;
  readonly tenant: string;
  readonly accounts: readonly BudgetAccount[];
  readonly now: () => number;
}

/**
 * What is set aside for one call: one reservation, and further ones while its answer grows. All of them are given
 * back by one settlement.
 */
export class HeldBudget {
  readonly #holder: BudgetHolder;
  readonly #ids: string[] = [];
  #growing: Promise<boolean> | undefined;
  #isSettled = false;

  constructor(holder: BudgetHolder) {
    this.#holder = holder;
  }

  /**
   * Sets more aside; answers the refusal, or undefined when granted. What is granted after the settlement, to a call that did
   * not wait for it, is given back at once.
   */
  async reserve(amounts: Amounts): Promise<BudgetRefusal | undefined> {
    const { ledger, tenant, accounts, now } = this.#holder;
    const id = uuidv7();
    const refusal = await ledger.reserve({ tenant, id, accounts, amounts, at: now() });
    if (refusal !== undefined) return refusal;
    if (this.#isSettled) await ledger.settle(tenant, id, noAmounts);
    else this.#ids.push(id);
    return undefined;
  }

  /**
   * Sets more aside while the answer goes on, and tells whether that succeeded; one at a time. After a refusal nothing
   * more is asked for: the budget is used up.
   */
  grow(amounts: Amounts): Promise<boolean> {
    this.#growing ??= this.reserve(amounts).then(
      (refusal) => {
        if (refusal === undefined) this.#growing = undefined;
        return refusal === undefined;
      },
      () => false, // A ledger that fails grants nothing.
    );
    return this.#growing;
  }

  /** Gives everything back and counts what was used. */
  async settle(used: Amounts): Promise<void> {
    await this.#growing;
    this.#isSettled = true;
    const { ledger, tenant } = this.#holder;
    // The first one takes what was used before the others give back, so that no moment shows too little.
    for (const [index, id] of this.#ids.entries()) {
      await ledger.settle(tenant, id, index === 0 ? used : noAmounts);
    }
  }
}
