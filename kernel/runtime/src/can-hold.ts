import type { ReadyCall, Transactions } from "@tau/tools";

import type { RunScope } from "./run-scope.ts";

/**
 * Where a call can be tried on a copy before it is decided on; undefined where it cannot, or where the copy would not hold
 * everything: what leaves by the network is gone.
 */
export function holdingTransactions(
  { environment }: Pick<RunScope, "environment">,
  { tool, input }: Pick<ReadyCall, "tool" | "input">,
): Transactions | undefined {
  if (tool.actsByCommands?.(input) !== true || environment.info.profile.network !== false) return undefined;
  return environment.info.enforced ? environment.transactions : undefined;
}
