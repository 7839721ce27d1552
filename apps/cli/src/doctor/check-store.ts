import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { createSqliteStore } from "@tau/store-sqlite";

import { localTenant } from "../local-context.ts";
import { storeDirectory } from "../tau-home.ts";
import { faultOf } from "./finding.ts";
import type { Finding } from "./finding.ts";

/** Opens the store as a run would, and writes beside it: reading works on a full disk, too. */
export async function checkStore(home: string): Promise<Finding> {
  const directory = storeDirectory(home);
  try {
    await using store = await createSqliteStore({ directory });
    const sessions = await store.journal.list(localTenant, { prefix: "session/", limit: 1 });
    const fault = await writingFault(directory);
    if (fault !== undefined)
      return { check: "store", result: "fault", detail: `Nothing can be written to ${directory}: ${fault}` };
    return { check: "store", result: "ok", detail: `${directory}${sessions.length === 0 ? ", empty" : ""}` };
  } catch (error) {
    return faultOf("store", error);
  }
}

const probeBytes = 65_536;

/** Why nothing can be written there; undefined when something can. */
async function writingFault(directory: string): Promise<string | undefined> {
  const probe = join(directory, "doctor.tmp");
  try {
    await writeFile(probe, Buffer.alloc(probeBytes), { mode: 0o600 });
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    await rm(probe, { force: true }).catch(() => undefined);
  }
}
