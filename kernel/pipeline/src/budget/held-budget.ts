import { noAmounts } from "./amounts.ts";
import type { Amounts } from "./amounts.ts";
import type { BudgetAccount, BudgetLedger, BudgetRefusal } from "./budget-ledger.ts";

/** Whose budget, and where it is kept. */
export interface BudgetHolder {
  /** Of the call: what its reservations are called after. */
  readonly id: string;
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
  #asked = 0;
  #growing: Promise<boolean> | undefined;
  #isSettled = false;

  constructor(holder: BudgetHolder) {
    this.#holder = holder;
  }

  /**
   * Sets more aside; answers the refusal, or undefined when granted. What is granted after the settlement, to a call that did
   * not wait for it, is given back at once.
   */
  reserve(amounts: Amounts): BudgetRefusal | undefined | Promise<BudgetRefusal | undefined> {
    const { ledger, tenant, accounts, now } = this.#holder;
    const id = this.#asked === 0 ? this.#holder.id : `${this.#holder.id}.${this.#asked}`;
    this.#asked++;
    const answer = ledger.reserve({ tenant, id, accounts, amounts, at: now() });
    if (answer instanceof Promise) return answer.then((refusal) => this.#answered(id, refusal));
    if (answer === undefined) this.#ids.push(id);
    return answer;
  }

  /**
   * Sets more aside while the answer goes on, and tells whether that succeeded; one at a time. After a refusal nothing
   * more is asked for: the budget is used up.
   */
  grow(amounts: Amounts): Promise<boolean> {
    this.#growing ??= this.#grow(amounts);
    return this.#growing;
  }

  /** Gives everything back and counts what was used. */
  settle(used: Amounts): void | Promise<void> {
    if (this.#growing !== undefined) return this.#growing.then(() => this.#settleAll(used));
    return this.#settleAll(used);
  }

  async #answered(id: string, refusal: BudgetRefusal | undefined): Promise<BudgetRefusal | undefined> {
    if (refusal !== undefined) return refusal;
    if (this.#isSettled) await this.#holder.ledger.settle(this.#holder.tenant, id, noAmounts);
    else this.#ids.push(id);
    return undefined;
  }

  async #grow(amounts: Amounts): Promise<boolean> {
    try {
      if ((await this.reserve(amounts)) !== undefined) return false;
      this.#growing = undefined;
      return true;
    } catch {
      // A ledger that fails grants nothing.
      return false;
    }
  }

  /** The first one takes what was used before the others give back, so that no moment shows too little. */
  #settleAll(used: Amounts): void | Promise<void> {
    this.#isSettled = true;
    const { ledger, tenant } = this.#holder;
    const [first, ...others] = this.#ids;
    if (first === undefined) return undefined;
    const settling = ledger.settle(tenant, first, used);
    return others.length === 0 ? settling : this.#giveBack(settling, others);
  }

  async #giveBack(settling: void | Promise<void>, others: readonly string[]): Promise<void> {
    const { ledger, tenant } = this.#holder;
    await settling;
    for (const id of others) await ledger.settle(tenant, id, noAmounts);
  }
}
