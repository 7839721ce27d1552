/**
 * All ten layers around a model adapter, each at work and the cache missing: CPU and time added to a call, CPU added
 * to a token of a long stream, and what a hit of the cache costs; and what each layer adds. Beside the bare adapter, over
 * HTTP to a model on loopback.
 *
 * `node --conditions=@tau/source bench/pipeline.ts [--rounds 3] [--json]`
 */
import { runScript, startService } from "./lib/child.ts";
import { benchOptions, printReport, rounded } from "./lib/report.ts";
import { median } from "./lib/statistics.ts";
import type { LadderSample } from "./pipeline/ladder-worker.ts";
import type { PipelineSample } from "./pipeline/worker.ts";

const { rounds, json } = benchOptions(3);
await using model = await startService(new URL("stream/mock-model.ts", import.meta.url));
const worker = new URL("pipeline/worker.ts", import.meta.url);
const samples: PipelineSample[] = [];
for (let round = 0; round < rounds; round++) {
  samples.push(await runScript<PipelineSample>(worker, [model.baseUrl]));
}

// Once: its rungs take turns in one process, and there are twelve of them.
const steps = await runScript<LadderSample>(new URL("pipeline/ladder-worker.ts", import.meta.url), [
  model.baseUrl,
]);

const of = (key: keyof PipelineSample): number => median(samples.map((sample) => sample[key]));
const addedP99Ms = median(samples.map(({ chainP99Ms, adapterP99Ms }) => chainP99Ms - adapterP99Ms));

printReport(
  {
    bench: "pipeline",
    rows: [
      {
        rung: "adapter",
        "µs CPU/call": rounded(of("adapterCallMicros")),
        "call p50 ms": rounded(of("adapterP50Ms")),
        "p99 ms": rounded(of("adapterP99Ms")),
        "µs CPU/token": rounded(of("adapterTokenMicros")),
      },
      {
        rung: "ten layers",
        "µs CPU/call": rounded(of("chainCallMicros")),
        "call p50 ms": rounded(of("chainP50Ms")),
        "p99 ms": rounded(of("chainP99Ms")),
        "µs CPU/token": rounded(of("chainTokenMicros")),
        "µs CPU/hit": rounded(of("hitMicros")),
      },
      ...steps.map(({ rung, callMicros }, index) => ({
        rung: `ladder: ${rung}`,
        "µs CPU/call": rounded(callMicros),
        added: index === 0 ? "" : rounded(callMicros - (steps[index - 1]?.callMicros ?? Number.NaN)),
      })),
    ],
    goals: [
      {
        what: "pipeline: ten layers, CPU added a call",
        measured: of("addedCallMicros"),
        unit: "µs",
        limit: 50,
        aim: 10,
      },
      { what: "pipeline: ten layers, p99 added a call", measured: addedP99Ms, unit: "ms", limit: 0.3 },
      {
        what: "pipeline: ten layers, CPU a token of a stream",
        measured: of("chainTokenMicros"),
        unit: "µs",
        limit: 3,
        aim: 1.2,
      },
      {
        what: "pipeline: a hit in memory through the layers, CPU",
        measured: of("hitMicros"),
        unit: "µs",
        limit: 20,
      },
    ],
    notes: [
      "a call: 1.2 KB of prompt that nobody asked before, 20 tokens of answer; adapter and layers take turns, 100 calls each.",
      "CPU is the lower quartile of such slices, after as many as it takes until they get no cheaper.",
      "CPU a token is of the whole process: HTTP, SSE, decoding and the ten layers; every token is an HTTP chunk of its own.",
    ],
  },
  json,
);
