import { assertTenant } from "@tau/core";
import type { ContentStore } from "@tau/runtime";

import type { DatabaseClient } from "./database-client.ts";

const hashPattern = /^[0-9a-f]{64}$/u;

/**
 * Makes the {@link ContentStore} over the database thread, which also hashes. Bodies lie in the tenant's file beside
 * its events, so that one file is all there is to copy, to move and to delete of a tenant.
 */
export function createSqliteContentStore(client: DatabaseClient): ContentStore {
  return {
    async put(tenant, data) {
      assertTenant(tenant);
      // A copy, because the caller may change its bytes before they travel.
      return await client.ask({ op: "put_content", tenant, data: new Uint8Array(data) });
    },

    async get(tenant, sha256) {
      assertTenant(tenant);
      if (!hashPattern.test(sha256)) return undefined;
      return (await client.ask({ op: "get_content", tenant, sha256 })) ?? undefined;
    },
  };
}
