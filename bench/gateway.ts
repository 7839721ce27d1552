/**
 * A gateway in front of a model on loopback: an endpoint in OpenAI's shape over all ten layers, beside the model itself and
 * gateways that do nothing but pass on, and with `--peers` beside Portkey's gateway, which is installed for it and run twice: on the Node
 * of its image and on this one. JSON and SSE, one connection and fifty.
 *
 * `node --conditions=@tau/source bench/gateway.ts [--peers] [--rounds 3] [--json]`
 */
import { startService } from "./lib/child.ts";
import { benchOptions, printReport, rounded } from "./lib/report.ts";
import type { Goal, Row } from "./lib/report.ts";
import { median, medianRatio } from "./lib/statistics.ts";
import { load } from "./gateway/load.ts";
import type { LoadSample } from "./gateway/load.ts";
import { startPortkey } from "./gateway/portkey.ts";

interface Target {
  readonly name: string;
  readonly origin: string;
  readonly pid: number;
  readonly headers: Readonly<Record<string, string>>;
}

const { rounds, json } = benchOptions(3);
const sliceMs = 2_000;
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
const portkeys = [
  { name: "portkey, Node of its image", started: portkeyImage },
  { name: `portkey, Node ${process.versions.node}`, started: portkeyOwn },
];

const targets: readonly Target[] = [
  { name: "direct", origin: model.baseUrl, pid: model.pid, headers: {} },
  { name: "bare sockets", origin: sockets.baseUrl, pid: sockets.pid, headers: {} },
  { name: "bare http", origin: bare.baseUrl, pid: bare.pid, headers: {} },
  { name: "tau", origin: tau.baseUrl, pid: tau.pid, headers: {} },
  ...portkeys.flatMap(({ name, started }) =>
    started === undefined
      ? []
      : [
          {
            name,
            origin: started.origin,
            pid: started.pid,
            headers: {
              authorization: "Bearer none",
              "x-portkey-provider": "openai",
              "x-portkey-custom-host": `${model.baseUrl}/v1`,
            },
          },
        ],
  ),
];

const rows: Row[] = [];
const goals: Goal[] = [];
for (const stream of [false, true]) {
  const kind = stream ? "SSE" : "JSON";
  const one = new Map<string, LoadSample[]>();
  const fifty = new Map<string, LoadSample[]>();
  for (let round = 0; round < rounds; round++) {
    for (const { name, ...target } of targets) {
      const common = { ...target, stream, ms: sliceMs };
      await load({ ...common, connections: 10, ms: round === 0 ? warmUpMs : 500 });
      one.set(name, [...(one.get(name) ?? []), await load({ ...common, connections: 1 })]);
      fifty.set(name, [...(fifty.get(name) ?? []), await load({ ...common, connections: 50 })]);
    }
  }
  const all = (samples: Map<string, LoadSample[]>, name: string, key: keyof LoadSample): readonly number[] =>
    (samples.get(name) ?? []).map((sample) => sample[key]);
  for (const { name } of targets) {
    rows.push({
      gateway: name,
      kind,
      "p50 ms, 1": rounded(median(all(one, name, "p50Ms"))),
      "requests/s, 50": rounded(median(all(fifty, name, "requestsPerSecond"))),
      "p99 ms, 50": rounded(median(all(fifty, name, "p99Ms"))),
      "µs CPU/request, 50": rounded(median(all(fifty, name, "cpuMicros"))),
      "× bare http": rounded(
        medianRatio(all(fifty, name, "cpuMicros"), all(fifty, "bare http", "cpuMicros")),
      ),
    });
  }
  const added = median(
    all(one, "tau", "p50Ms").map((ms, round) => ms - (all(one, "direct", "p50Ms")[round] ?? Number.NaN)),
  );
  goals.push({ what: `gateway: ${kind}, added at the median`, measured: added, unit: "ms", limit: 0.25 });
  for (const { name, started } of portkeys) {
    if (started === undefined) continue;
    const perSecond = all(fifty, name, "requestsPerSecond");
    goals.push({
      what: `gateway: ${kind}, requests a second ÷ ${name}`,
      measured: medianRatio(all(fifty, "tau", "requestsPerSecond"), perSecond),
      unit: "×",
      limit: 5,
      atLeast: true,
    });
    goals.push({
      what: `gateway: ${kind}, CPU a request of ${name} ÷ ours`,
      measured: medianRatio(all(fifty, name, "cpuMicros"), all(fifty, "tau", "cpuMicros")),
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
      "bare: parses and writes anew what it passes on, over bare sockets or node:http and undici, without a layer.",
      "1 KB of prompt that nobody asked before, 20 words of answer; the load is made in this process.",
      "Where others use the machine, requests a second say how much of it a gateway got; CPU a request says what it needs.",
    ],
  },
  json,
);
