import { createHash } from "node:crypto";

import { assertTenant, TauError } from "@tau/core";
import type { ContentStore } from "@tau/runtime";

import type { DatabaseClient } from "./database-client.ts";

const hashPattern = /^[0-9a-f]{64}$/u;

/**
 * Makes the {@link ContentStore} over the database thread. Bodies lie in the tenant's file beside its events, so
 * that one file is all there is to copy, to move and to delete of a tenant.
 */
export function createSqliteContentStore(client: DatabaseClient): ContentStore {
  return {
    async put(tenant, data) {
      assertTenant(tenant);
      const sha256 = createHash("sha256").update(data).digest("hex");
      // A copy: the caller may change its bytes before they travel.
      await client.ask({ op: "put_content", tenant, sha256, data: data.slice() });
      return sha256;
    },

    async get(tenant, sha256) {
      assertTenant(tenant);
      if (!hashPattern.test(sha256)) return undefined;
      const data = await client.ask({ op: "get_content", tenant, sha256 });
      if (data === null) return undefined;
      if (createHash("sha256").update(data).digest("hex") === sha256) return new Uint8Array(data);
      throw new TauError(
        "content.corrupt",
        `Content ${sha256} of tenant "${tenant}" is damaged; restore the tenant's file from a backup.`,
      );
    },
  };
}
