import { assertTenant } from "@tau/core";
import type { BudgetLedger } from "@tau/pipeline";

import type { DatabaseClient } from "./database-client.ts";

/**
 * Makes the {@link BudgetLedger} over the database thread: every process that uses the directory counts together,
 * and what was granted is durable before the call is made.
 */
export function createSqliteBudgetLedger(client: DatabaseClient): BudgetLedger {
  return {
    async reserve(reservation) {
      const { tenant } = reservation;
      assertTenant(tenant);
      return (await client.ask({ op: "budget_reserve", tenant, reservation })) ?? undefined;
    },
    async settle(tenant, id, used) {
      assertTenant(tenant);
      await client.ask({ op: "budget_settle", tenant, id, used });
    },
    async taken(query) {
      const { tenant } = query;
      assertTenant(tenant);
      return await client.ask({ op: "budget_taken", tenant, query });
    },
    async forget(tenant, account) {
      assertTenant(tenant);
      await client.ask({ op: "budget_forget", tenant, account });
    },
  };
}
