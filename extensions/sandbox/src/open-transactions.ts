import type { Transactions } from "@tau/tools";
import { realWorkspace } from "@tau/tools";

import { jailPolicy } from "./jail-settings.ts";
import { createTransactionStore } from "./overlay/transaction-store.ts";

/** Options of {@link openTransactions}. */
export interface TransactionOptions {
  /** The folder that `JailOptions.transactions` named. */
  readonly store: string;
  /** Absolute. */
  readonly workspace: string;
}

/**
 * Opens what the jails of a workspace held and committed, to list, decide on and undo it, without a jail: no command
 * runs. Paths are checked as under the profile `workspace-write`. Throws `environment.not_found` without the workspace.
 */
export function openTransactions({ store, workspace }: TransactionOptions): Omit<Transactions, "begin"> {
  const profile = { access: "workspace-write", network: false, workspace: realWorkspace(workspace) } as const;
  const { recover: _, ...kept } = createTransactionStore({
    store,
    policy: jailPolicy({ profile, transactions: store }, profile),
  });
  return kept;
}
