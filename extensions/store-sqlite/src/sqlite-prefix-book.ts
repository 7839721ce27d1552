import { assertTenant, isJsonObject, parseJson } from "@tau/core";
import type { PrefixBook, PrefixRecord } from "@tau/pipeline";

import type { DatabaseClient } from "./database-client.ts";

/** Makes the {@link PrefixBook} over the database thread: a tenant's records lie in its file and go with it. */
export function createSqlitePrefixBook(client: DatabaseClient): PrefixBook {
  return {
    async all() {
      return (await client.ask({ op: "prefixes" })).flatMap((text) => {
        const parsed = parseJson(text);
        const record: unknown = parsed.ok ? parsed.value : undefined;
        return isRecord(record) ? [record] : [];
      });
    },
    async put(record) {
      const { tenant, id } = record;
      assertTenant(tenant);
      await client.ask({ op: "prefix_put", tenant, id, record: JSON.stringify(record) });
    },
    async remove(tenant, id) {
      assertTenant(tenant);
      await client.ask({ op: "prefix_remove", tenant, id });
    },
  };
}

/** SQLite checks what it reads; a text of this program that is JSON is what the program wrote. */
function isRecord(record: unknown): record is PrefixRecord {
  return isJsonObject(record) && typeof record["id"] === "string" && typeof record["handle"] === "string";
}
