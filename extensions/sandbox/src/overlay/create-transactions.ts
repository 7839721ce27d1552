import type { Transactions } from "@tau/tools";

import { assertLayerWorks, beginTransaction } from "./begin-transaction.ts";
import type { TransactionHost } from "./begin-transaction.ts";
import type { TransactionStore } from "./transaction-store.ts";

/** Makes the {@link Transactions} of a jail: new ones on layers, and those that its store keeps. */
export function createTransactions(host: TransactionHost, kept: TransactionStore): Transactions {
  let works: Promise<void> | undefined;
  return {
    ...kept,
    async begin(title, signal) {
      signal.throwIfAborted();
      works ??= assertLayerWorks(host);
      await works;
      return await beginTransaction(host, title);
    },
  };
}
