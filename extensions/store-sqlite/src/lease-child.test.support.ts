/** Takes a lease, prints `held`, and keeps it: `node lease-child.test.support.ts <directory>`. */
import { createSqliteStore } from "./create-sqlite-store.ts";

const [directory = ""] = process.argv.slice(2);
const store = await createSqliteStore({ directory, leaseTtlMs: 600_000 });
const lease = await store.leases.acquire("acme", "session/1");
process.stdout.write(lease === undefined ? "refused\n" : "held\n");
setInterval(() => undefined, 1_000);
