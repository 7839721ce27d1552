/**
 * A command in a jail that may reach one host: it gets there without knowing of a proxy, uses a secret that it never sees, and
 * gets nowhere else. The service is this machine's own, so that the example needs no network; and so it is named.
 *
 * Run it with: node --conditions=@tau/source examples/egress.ts
 */
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";

import { createCheckedFetch, createEgressGate } from "@tau/egress";
import type { EgressRow } from "@tau/egress";
import { createJail } from "@tau/sandbox";

const server = createServer((request, response) => {
  console.log(`the service got ${request.headers.authorization}`);
  response.end(`hello, you sent ${request.headers.authorization}\n`);
}).listen(0, "127.0.0.1");
await once(server, "listening");
const address = server.address();
const host = `localhost:${typeof address === "object" ? address?.port : ""}`;

const rows: EgressRow[] = [];
const audit = { write: (row: EgressRow): unknown => rows.push(row) };
const caller = { tenant: "home", session: "s1" };
const workspace = await mkdtemp("/var/tmp/tau-egress-example-");
{
  await using gate = createEgressGate({
    caller,
    hosts: [host],
    credentials: [{ name: "service", host, variable: "TOKEN", secret: "vault:service", plainHttp: true }],
    secrets: { read: async () => "the-real-secret" },
    audit,
  });
  const profile = { access: "read-only", network: { hosts: [host] }, workspace } as const;
  await using jail = await createJail({ profile, gate });
  const command = `curl -sS -H "authorization: $TOKEN" http://${host}/hello; curl -sS http://evil.example/`;
  await jail.exec(
    {
      argv: ["bash", "-c", command],
      callId: "call-1",
      timeoutMs: 30_000,
      onOutput: (chunk) => process.stdout.write(chunk),
    },
    new AbortController().signal,
  );
}

// The same care for requests of one's own: whatever a model names, only public addresses are dialled.
await using client = createCheckedFetch({ caller, audit });
for (const url of [`http://${host}/`, "http://0xa9fea9fe/latest/meta-data/"]) {
  await client
    .fetch(url)
    .catch((error: unknown) => console.log(error instanceof Error ? error.message : error));
}
for (const { via, method, host: to, decision, credentials = [] } of rows) {
  console.log([via, method, to, decision, ...credentials].join(" "));
}
server.close();
await rm(workspace, { recursive: true });
