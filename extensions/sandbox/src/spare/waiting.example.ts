import { mkdtempSync, rmSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

import { createJail } from "@tau/sandbox";

import { waitingProcesses } from "./trials.test.support.ts";

// Runs a command, sees that the jail of a next one waits, prints its processes, and ends without disposing of anything.
const workspace = mkdtempSync("/var/tmp/tau-example-");
const jail = await createJail({ profile: { access: "workspace-write", network: false, workspace } });
await jail.exec({ argv: ["true"], timeoutMs: 60_000 }, new AbortController().signal);
while (waitingProcesses().length < 3) await delay(5);
rmSync(workspace, { recursive: true });
process.stdout.write(`${waitingProcesses().join(" ")}\n`);
