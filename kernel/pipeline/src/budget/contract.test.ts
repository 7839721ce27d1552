import { describeLayer } from "../testing/describe-layer.ts";
import { budgetLayer } from "./budget-layer.ts";
import type { BudgetLedger } from "./budget-ledger.ts";
import { createMemoryBudgetLedger } from "./memory-ledger.ts";

describeLayer("budgetLayer()", () => {
  const memory = createMemoryBudgetLedger();
  const held = new Set<string>();
  const ledger: BudgetLedger = {
    ...memory,
    async reserve(reservation) {
      const refusal = await memory.reserve(reservation);
      if (refusal === undefined) held.add(reservation.id);
      return refusal;
    },
    async settle(tenant, id, used) {
      await memory.settle(tenant, id, used);
      held.delete(id);
    },
  };
  const limits = { tenant: [{ window: "day", requests: 1_000, tokens: 1_000_000 } as const] };
  return { layers: [budgetLayer({ ledger, limits })], held: () => held.size };
});
