/**
 * A gateway in front of a model on loopback: an endpoint in OpenAI's shape over all ten layers, beside the model itself and
 * gateways that do nothing but pass on, and with `--peers` beside Portkey's gateway, which is installed for it and run twice: on the Node
 * of its image and on this one. JSON and SSE, one connection and fifty, all of them in turns of a moment each: the host's speed
 * may double within seconds, and what is seconds apart cannot be compared.
 *
 * `node --conditions=@tau/source bench/gateway.ts [--peers] [--rounds 3] [--json]`
 */
import { startService } from "./lib/child.ts";
import { benchOptions, printReport, rounded } from "./lib/report.ts";
import type { Goal, Row } from "./lib/report.ts";
import { inRounds } from "./lib/rounds.ts";
import type { Samples } from "./lib/rounds.ts";
import { median, medianRatio } from "./lib/statistics.ts";
import { load } from "./gateway/load.ts";
import type { LoadSample } from "./gateway/load.ts";
import { startPortkey } from "./gateway/portkey.ts";
import type { Portkey } from "./gateway/portkey.ts";

interface Target {
  readonly name: string;
  readonly origin: string;
  readonly pid: number;
  readonly headers: Readonly<Record<string, string>>;
}

const { rounds, json } = benchOptions(3);
/** Turns of each gateway in a round, with one connection and with fifty. */
const one = { turns: 4, ms: 500 };
const fifty = { turns: 2, ms: 1_000 };
/** The compilers look at a function again after thousands of calls. */
const warmUpMs = 20_000;
await using model = await startService(new URL("gateway/mock-model.ts", import.meta.url));
await using sockets = await startService(new URL("gateway/socket-gateway.ts", import.meta.url), [
  model.baseUrl,
]);
await using bare = await startService(new URL("gateway/bare-gateway.ts", import.meta.url), [model.baseUrl]);
await using tau = await startService(new URL("gateway/tau-gateway.ts", import.meta.url), [model.baseUrl]);
const withPeers = process.argv.includes("--peers");
await using portkeyImage = withPeers ? await startPortkey("image") : undefined;
await using portkeyOwn = withPeers ? await startPortkey("own") : undefined;

const direct: Target = { name: "direct", origin: model.baseUrl, pid: model.pid, headers: {} };
const floor: Target = { name: "bare http", origin: bare.baseUrl, pid: bare.pid, headers: {} };
const ours: Target = { name: "tau", origin: tau.baseUrl, pid: tau.pid, headers: {} };
const peers: readonly Target[] = [
  ...toTargets("portkey, Node of its image", portkeyImage),
  ...toTargets(`portkey, Node ${process.versions.node}`, portkeyOwn),
];
/** The model itself first, then the gateways. */
const targets: readonly Target[] = [
  direct,
  { name: "bare sockets", origin: sockets.baseUrl, pid: sockets.pid, headers: {} },
  floor,
  ours,
  ...peers,
];

function toTargets(name: string, started: Portkey | undefined): readonly Target[] {
  if (started === undefined) return [];
  const headers = {
    authorization: "Bearer none",
    "x-portkey-provider": "openai",
    "x-portkey-custom-host": `${model.baseUrl}/v1`,
  };
  return [{ name, origin: started.origin, pid: started.pid, headers }];
}

type Loaded = Samples<Target, LoadSample>;

/** Loads all targets in turns. */
async function inTurns(
  stream: boolean,
  connections: number,
  { turns, ms }: { readonly turns: number; readonly ms: number },
): Promise<Loaded> {
  return await inRounds(targets, turns * rounds, async ({ origin, pid, headers }) => {
    return await load({ origin, pid, headers, stream, connections, ms });
  });
}

const all = (loaded: Loaded, target: Target, key: keyof LoadSample): readonly number[] =>
  loaded.of(target).map((sample) => sample[key]);

/** What a gateway adds at the median, in ms: turn by turn, as what disturbs one turn disturbs its neighbour. */
function addedMs(loaded: Loaded, target: Target): number {
  const without = all(loaded, direct, "p50Ms");
  return median(all(loaded, target, "p50Ms").map((ms, turn) => ms - (without[turn] ?? Number.NaN)));
}

const rows: Row[] = [];
const goals: Goal[] = [];
for (const stream of [false, true]) {
  const kind = stream ? "SSE" : "JSON";
  for (const { name: _, ...gateway } of targets.slice(1)) {
    await load({ ...gateway, stream, connections: 10, ms: warmUpMs });
  }
  const alone = await inTurns(stream, 1, one);
  const many = await inTurns(stream, 50, fifty);
  for (const target of targets) {
    rows.push({
      gateway: target.name,
      kind,
      "p50 ms, 1": rounded(median(all(alone, target, "p50Ms"))),
      "added ms, 1": rounded(addedMs(alone, target)),
      "requests/s, 50": rounded(median(all(many, target, "requestsPerSecond"))),
      "p99 ms, 50": rounded(median(all(many, target, "p99Ms"))),
      "µs CPU/request, 50": rounded(median(all(many, target, "cpuMicros"))),
      "× bare http": rounded(medianRatio(all(many, target, "cpuMicros"), all(many, floor, "cpuMicros"))),
    });
  }
  const measured = addedMs(alone, ours);
  goals.push({ what: `gateway: ${kind}, added at the median`, measured, unit: "ms", limit: 0.25 });
  for (const peer of peers) {
    goals.push({
      what: `gateway: ${kind}, requests a second ÷ ${peer.name}`,
      measured: medianRatio(all(many, ours, "requestsPerSecond"), all(many, peer, "requestsPerSecond")),
      unit: "×",
      limit: 5,
      atLeast: true,
    });
    goals.push({
      what: `gateway: ${kind}, CPU a request of ${peer.name} ÷ ours`,
      measured: medianRatio(all(many, peer, "cpuMicros"), all(many, ours, "cpuMicros")),
      unit: "×",
      limit: 5,
      atLeast: true,
    });
  }
}

printReport(
  {
    bench: "gateway",
    rows,
    goals,
    notes: [
      "added: above direct, turn by turn. What bare http adds, every gateway on node:http and undici adds on this machine.",
      "bare: parses and writes anew what it passes on, over bare sockets or node:http and undici, without a layer.",
      "1 KB of prompt that nobody asked before, 20 words of answer; the load is made in this process.",
      "Where others use the machine, requests a second say how much of it a gateway got; CPU a request says what it needs.",
    ],
  },
  json,
);
