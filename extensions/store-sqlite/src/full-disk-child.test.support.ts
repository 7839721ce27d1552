/**
 * Appends until the disk refuses, and says so: `node full-disk-child.test.support.ts <directory>`, under a limit on
 * the size of files. Prints how many appends were acknowledged, and what refused the next ones.
 */
import { isTauError } from "@tau/core";

import { createSqliteStore } from "./create-sqlite-store.ts";

const [directory = ""] = process.argv.slice(2);
const id = { tenant: "acme", stream: "session/1" };
await using store = await createSqliteStore({ directory });
let version = 0;
const refusals: string[] = [];
while (refusals.length < 3) {
  const body = "x".repeat(20_000);
  try {
    // Two at once, in one transaction: neither may be acknowledged when the other fails.
    const sent = [0, 1].map((more) =>
      store.journal.append(id, version + more, [{ type: "filler", version: 1, at: 0, body }]),
    );
    await Promise.all(sent);
    version += 2;
  } catch (error) {
    refusals.push(isTauError(error) ? `${error.code} ${error.class}: ${error.message}` : String(error));
  }
}
process.stdout.write(JSON.stringify({ version, known: await store.journal.version(id), refusals }));
