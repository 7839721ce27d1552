/**
 * A gateway in front of a model on loopback: an endpoint in OpenAI's shape over all ten layers, beside the model itself and
 * gateways that do nothing but pass on, and with `--peers` beside Portkey's gateway, which is installed for it and run twice: on the Node
 * of its image and on this one. JSON and SSE, one connection and fifty, all of them in turns of a moment each: the host's speed
 * may double within seconds, and for minutes the kernel has a client and its server share a CPU, or not. What is seconds apart
 * cannot be compared.
 *
 * `node --conditions=@tau/source bench/gateway.ts [--peers] [--rounds 3] [--json]`
 */
import { startService } from "./lib/child.ts";
import { keepAwake } from "./lib/keep-awake.ts";
import { benchOptions, printReport, rounded } from "./lib/report.ts";
import type { Goal, Row } from "./lib/report.ts";
import { inRounds } from "./lib/rounds.ts";
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
const one = { turns: 4, ms: 300 };
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

/** A target that is asked for one kind of answer, with CPUs that may sleep or not. */
interface Rung {
  readonly target: Target;
  readonly stream: boolean;
  readonly awake: boolean;
}

const kinds = [false, true];

/** All targets, each for both kinds of answers. */
function rungsOf(...states: readonly boolean[]): readonly Rung[] {
  return targets.flatMap((target) =>
    kinds.flatMap((stream) => states.map((awake) => ({ target, stream, awake }))),
  );
}

/** What was measured of a target, turn by turn. */
type Measured = (target: Target, key: keyof LoadSample) => readonly number[];

/** Loads all rungs in turns. */
async function inTurns(
  rungs: readonly Rung[],
  connections: number,
  { turns, ms }: { readonly turns: number; readonly ms: number },
): Promise<(stream: boolean, awake?: boolean) => Measured> {
  const samples = await inRounds(rungs, turns * rounds, async ({ target, stream, awake }) => {
    using _ = awake ? keepAwake() : undefined;
    return await load({ ...target, stream, connections, ms });
  });
  return (stream, awake = false) =>
    (target, key) => {
      const chosen = rungs.filter((rung) => rung.stream === stream && rung.awake === awake);
      const rung = chosen.find((candidate) => candidate.target === target);
      return rung === undefined ? [] : samples.of(rung).map((sample) => sample[key]);
    };
}

/** What a gateway adds at the median, in ms: turn by turn, as what disturbs one turn disturbs its neighbour. */
function addedMs(measured: Measured, target: Target): number {
  const without = measured(direct, "p50Ms");
  return median(measured(target, "p50Ms").map((ms, turn) => ms - (without[turn] ?? Number.NaN)));
}

// Both kinds before anything is measured, so that none is measured by processes that are younger.
for (const { target, stream } of rungsOf(false)) {
  if (target !== direct) await load({ ...target, stream, connections: 10, ms: warmUpMs });
}
const byOne = await inTurns(rungsOf(false, true), 1, one);
const byFifty = await inTurns(rungsOf(false), 50, fifty);

const rows: Row[] = [];
const goals: Goal[] = [];
for (const stream of kinds) {
  const kind = stream ? "SSE" : "JSON";
  const [alone, awake, many] = [byOne(stream), byOne(stream, true), byFifty(stream)];
  const cpuMicros = (target: Target): readonly number[] => many(target, "cpuMicros");
  const perSecond = (target: Target): readonly number[] => many(target, "requestsPerSecond");
  for (const target of targets) {
    rows.push({
      gateway: target.name,
      kind,
      "p50 ms, 1": rounded(median(alone(target, "p50Ms"))),
      "added ms, 1": rounded(addedMs(alone, target)),
      "added ms, 1, awake": rounded(addedMs(awake, target)),
      "requests/s, 50": rounded(median(perSecond(target))),
      "p99 ms, 50": rounded(median(many(target, "p99Ms"))),
      "µs CPU/request, 50": rounded(median(cpuMicros(target))),
      "× bare http": rounded(medianRatio(cpuMicros(target), cpuMicros(floor))),
    });
  }
  const added = { what: `gateway: ${kind}, added at the median`, unit: "ms", limit: 0.25 };
  goals.push({ ...added, measured: addedMs(alone, ours) });
  goals.push({ ...added, what: `${added.what}, CPUs awake`, measured: addedMs(awake, ours) });
  for (const peer of peers) {
    goals.push({
      what: `gateway: ${kind}, requests a second ÷ ${peer.name}`,
      measured: medianRatio(perSecond(ours), perSecond(peer)),
      unit: "×",
      limit: 5,
      atLeast: true,
    });
    goals.push({
      what: `gateway: ${kind}, CPU a request of ${peer.name} ÷ ours`,
      measured: medianRatio(cpuMicros(peer), cpuMicros(ours)),
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
      "awake: a loop of the lowest class on each CPU keeps it from sleeping, from which a virtual machine needs its host to wake.",
      "bare: parses and writes anew what it passes on, over bare sockets or node:http and undici, without a layer.",
      "1 KB of prompt that nobody asked before, 20 words of answer; the load is made in this process.",
      "Where others use the machine, requests a second say how much of it a gateway got; CPU a request says what it needs.",
    ],
  },
  json,
);
