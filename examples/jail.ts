/**
 * A command in the jail: what it can do, what it cannot, and every known way out of it, tried.
 *
 * Run it with: node --conditions=@tau/source examples/jail.ts
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";

import { createJail, runEscapeSuite } from "@tau/sandbox";

const workspace = await mkdtemp("/var/tmp/tau-example-");
await writeFile(`${workspace}/.env`, "API_KEY=secret");
const profile = { access: "workspace-write", network: false, workspace } as const;

await using jail = await createJail({ profile });
const attempts = [
  "echo fine > result && cat result",
  "cat .env",
  "echo bad > /etc/motd",
  "cat < /dev/tcp/127.0.0.1/22",
];
for (const line of attempts) {
  let said = "";
  const onOutput = (chunk: Uint8Array): void => {
    said += Buffer.from(chunk).toString();
  };
  const request = { argv: ["bash", "-c", line], timeoutMs: 10_000, onOutput } as const;
  const { exitCode } = await jail.exec(request, new AbortController().signal);
  const reason = /Permission denied|Read-only file system|Connection refused/u.exec(said)?.[0] ?? said.trim();
  console.log(`${line}: exit ${exitCode}, ${reason}`);
}

const escapes = await runEscapeSuite({ profile });
console.log("escapes that worked:", escapes.filter(({ outcome }) => outcome === "escaped").length);
await rm(workspace, { recursive: true });
