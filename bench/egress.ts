/**
 * What the way out costs: a request through the proxy beside one without it, opening a gate, and a jailed command that is
 * started in the gate's network beside one that has none.
 *
 * `node --conditions=@tau/source bench/egress.ts [--rounds 15] [--json]`
 */
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { Agent, createServer, request } from "node:http";
import { join } from "node:path";

import { createEgressGate, openEgressProxy } from "@tau/egress";
import { createJail } from "@tau/sandbox";
import type { NetworkGate, OwnedEnvironment } from "@tau/tools";

import { benchOptions, printReport, rounded } from "./lib/report.ts";
import type { Row } from "./lib/report.ts";
import { inRounds } from "./lib/rounds.ts";
import { median } from "./lib/statistics.ts";

const requestsPerRound = 100;
const { rounds, json } = benchOptions(15);
const signal = new AbortController().signal;
const folder = await mkdtemp("/var/tmp/tau-bench-egress-");

const server = createServer((_, response) => response.end("x".repeat(1_000))).listen(0, "127.0.0.1");
await once(server, "listening");
const address = server.address();
const port = typeof address === "object" ? (address?.port ?? 0) : 0;
const hosts = [`api.example:${port}`];
const common = { hosts, addresses: ["127.0.0.1"], lookup: async () => ["127.0.0.1"] };
const proxy = await openEgressProxy({
  ...common,
  socketPath: join(folder, "proxy.sock"),
  caller: () => ({ tenant: "bench" }),
});

const agents = { direct: new Agent({ keepAlive: true }), proxied: new Agent({ keepAlive: true }) };

async function ask(through: keyof typeof agents): Promise<void> {
  const place =
    through === "direct"
      ? { port, host: "127.0.0.1", path: "/" }
      : { socketPath: proxy.socketPath, path: `http://${hosts[0]}/`, headers: { host: hosts[0] } };
  const asking = request({ ...place, agent: agents[through] });
  asking.end();
  const [response] = await once(asking, "response");
  await once(response.resume(), "end");
}

/** Milliseconds of one request. */
async function requestMs(through: keyof typeof agents): Promise<number> {
  const start = performance.now();
  for (let count = 0; count < requestsPerRound; count++) await ask(through);
  return (performance.now() - start) / requestsPerRound;
}

/** Milliseconds until the first command may enter a new gate. */
async function openMs(): Promise<number> {
  await using gate = createEgressGate({ ...common, caller: { tenant: "bench" } });
  const start = performance.now();
  (await gate.enter({}, signal)).leave();
  return performance.now() - start;
}

async function commandMs(jail: OwnedEnvironment): Promise<number> {
  const start = performance.now();
  await jail.exec({ argv: ["bash", "-c", "true"], timeoutMs: 30_000 }, signal);
  return performance.now() - start;
}

async function jailWith(gate?: NetworkGate): Promise<OwnedEnvironment> {
  const network = gate === undefined ? false : { hosts };
  const profile = { access: "workspace-write", workspace: folder, network } as const;
  return await createJail({ profile, ...(gate === undefined ? {} : { gate }) });
}

await ask("direct");
await ask("proxied");
const requests = await inRounds(["direct", "proxied"] as const, rounds, requestMs);
const openings = await inRounds(["gate"] as const, rounds, openMs);
await using gate = createEgressGate({ ...common, caller: { tenant: "bench" } });
await using gated = await jailWith(gate);
await using closed = await jailWith();
const jails = { gated, closed };
for (const jail of Object.values(jails)) await commandMs(jail);
const commands = await inRounds(["closed", "gated"] as const, rounds * 4, (name) => commandMs(jails[name]));

const figures = (what: string, samples: readonly number[]): Row => ({
  what,
  "median ms": rounded(median(samples)),
  "best ms": rounded(Math.min(...samples)),
});
const [direct, proxied, gates] = [requests.of("direct"), requests.of("proxied"), openings.of("gate")];
const added = proxied.map((ms, round) => ms - (direct[round] ?? Number.NaN));
printReport(
  {
    bench: "egress",
    rows: [
      figures("a request over a kept connection", direct),
      figures("the same through the proxy", proxied),
      figures("added by the proxy", added),
      figures("opening a gate (once per session)", gates),
      figures("jailed bash -c true, no network", commands.of("closed")),
      figures("the same in the gate's network", commands.of("gated")),
    ],
    goals: [
      { what: "opening a gate", measured: median(gates), unit: "ms", limit: 350 },
      { what: "added to a request by the proxy", measured: median(added), unit: "ms", limit: 2 },
    ],
    notes: ["Client, proxy and server share one process, so a request through the proxy pays for all three."],
  },
  json,
);
for (const agent of Object.values(agents)) agent.destroy();
await proxy[Symbol.asyncDispose]();
server.close();
await rm(folder, { recursive: true });
