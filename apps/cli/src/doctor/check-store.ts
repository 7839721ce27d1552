import { createSqliteStore } from "@tau/store-sqlite";

import { localTenant } from "../local-context.ts";
import { storeDirectory } from "../tau-home.ts";
import { faultOf } from "./finding.ts";
import type { Finding } from "./finding.ts";

/** Opens the store as a run would. */
export async function checkStore(home: string): Promise<Finding> {
  const directory = storeDirectory(home);
  try {
    await using store = await createSqliteStore({ directory });
    const sessions = await store.journal.list(localTenant, { prefix: "session/", limit: 1 });
    return { check: "store", result: "ok", detail: `${directory}${sessions.length === 0 ? ", empty" : ""}` };
  } catch (error) {
    return faultOf("store", error);
  }
}
