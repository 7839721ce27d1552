/**
 * A command on a copy of the workspace: what it would change, decided on by its diff, carried out, and taken back.
 *
 * Run it with: node --conditions=@tau/source examples/undo.ts
 */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";

import { createJail } from "@tau/sandbox";

const workspace = await mkdtemp("/var/tmp/tau-example-");
// Outside of the workspace: what is held lies here, out of sight of commands, also for another process to decide on.
const store = await mkdtemp("/var/tmp/tau-example-held-");
await writeFile(`${workspace}/greeting.txt`, "hello\n");
const { signal } = new AbortController();

const profile = { access: "workspace-write", network: false, workspace } as const;
await using jail = await createJail({ profile, transactions: store });
const { transactions } = jail;
if (transactions === undefined) throw new TypeError("This machine cannot put a layer over a folder.");

await using transaction = await transactions.begin("sed and touch", signal);
const line = "sed -i s/hello/goodbye/ greeting.txt; touch new.txt";
await transaction.environment.exec({ argv: ["bash", "-c", line], timeoutMs: 10_000 }, signal);
const { id, hash, changes } = await transaction.hold({}, signal);

for (const { kind, path } of changes) console.log(kind, path);
console.log(await transactions.diff(id, 1_000, signal));
console.log("before:", (await readFile(`${workspace}/greeting.txt`, "utf8")).trim());

await transactions.commit(id, hash, signal); // all of it or nothing, and only what has this hash
console.log("committed:", (await readFile(`${workspace}/greeting.txt`, "utf8")).trim());

await transactions.undo(id, signal);
console.log("undone:", (await readFile(`${workspace}/greeting.txt`, "utf8")).trim());
await rm(workspace, { recursive: true });
await rm(store, { recursive: true });
