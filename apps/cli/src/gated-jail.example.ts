import { once } from "node:events";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";

import { createEgressGate } from "@tau/egress";
import { createJail, runSandboxSelfTest } from "@tau/sandbox";
import type { Environment } from "@tau/tools";

// Prints what commands of every kind reach through a gate, as the user who runs this file.
const server = createServer((_, response) => response.end("reached\n")).listen(0, "127.0.0.1");
await once(server, "listening");
const address = server.address();
const port = typeof address === "object" ? address?.port : undefined;
const hosts = [`api.example:${port}`];
const base = await mkdtemp("/var/tmp/tau-gated-");
const workspace = `${base}/workspace`;
await mkdir(workspace);
const signal = new AbortController().signal;
const lines = [
  `curl -sS -m 10 http://${hosts[0]}/`,
  `curl -s -m 10 http://127.0.0.1:${port}/ || echo no loopback`,
  "curl -s -m 10 http://evil.example/ || echo no other",
].join("; ");
const request = {
  argv: ["bash", "-c", lines],
  onOutput: (chunk: Uint8Array) => process.stdout.write(chunk),
} as const;
const exec = async (
  environment: Environment,
  rest: { network?: false; readOnly?: true } = {},
): Promise<void> => {
  await environment.exec({ ...request, timeoutMs: 30_000, ...rest }, signal);
};
{
  const lookup = async (): Promise<readonly string[]> => ["127.0.0.1"];
  await using gate = createEgressGate({ caller: { tenant: "t" }, hosts, addresses: ["127.0.0.1"], lookup });
  const profile = { access: "workspace-write", workspace, network: { hosts } } as const;
  await using jail = await createJail({ profile, gate, transactions: `${base}/transactions` });
  console.log("— a command");
  await exec(jail);
  console.log("— one that only reads");
  await exec(jail, { readOnly: true });
  console.log("— one that needs no network");
  await exec(jail, { network: false });
  console.log("— one on a layer");
  const transaction = await jail.transactions?.begin("test", signal);
  if (transaction !== undefined) await exec(transaction.environment);
  await transaction?.[Symbol.asyncDispose]();
  console.log("— one that is started");
  await (
    await jail.start(request, signal)
  ).exit;
  console.log("— without the gate");
  await using closed = await createJail({ profile });
  await exec(closed);
  const probes = await runSandboxSelfTest({ profile, gate });
  console.log(`— escaped: ${probes.filter(({ outcome }) => outcome === "escaped").length}`);
  console.log(`— network: ${probes.find(({ name }) => name === "network")?.outcome}`);
}
server.close();
await rm(base, { recursive: true });
