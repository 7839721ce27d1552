import { assertTenant, isJsonObject, parseJson } from "@tau/core";
import type { ModelFinished } from "@tau/core";
import type { CacheTier } from "@tau/pipeline";

import type { DatabaseClient } from "./database-client.ts";

/** Makes the {@link CacheTier} over the database thread: answers lie in the tenant's file and go with it. */
export function createSqliteCacheTier(client: DatabaseClient): CacheTier {
  return {
    async get(tenant, key, now) {
      assertTenant(tenant);
      const stored = await client.ask({ op: "answer_get", tenant, key });
      if (stored === null || stored.expiresAt <= now) return undefined;
      const parsed = parseJson(stored.answer);
      const answer: unknown = parsed.ok ? parsed.value : undefined;
      if (!isFinished(answer)) return undefined;
      const { session, expiresAt } = stored;
      return { tenant, key, ...(session === null ? {} : { sessionId: session }), expiresAt, answer };
    },
    async put({ tenant, key, sessionId, expiresAt, answer }) {
      assertTenant(tenant);
      const stored = { key, session: sessionId ?? null, expiresAt, answer: JSON.stringify(answer) };
      await client.ask({ op: "answer_put", tenant, stored, now: Date.now() });
    },
    async drop({ tenant, sessionId, key }) {
      assertTenant(tenant);
      await client.ask({ op: "answer_drop", tenant, key: key ?? null, session: sessionId ?? null });
    },
  };
}

/** SQLite checks what it reads; a text of this program that is JSON is what the program wrote. */
function isFinished(answer: unknown): answer is ModelFinished {
  return isJsonObject(answer) && answer["type"] === "finished" && isJsonObject(answer["message"]);
}
