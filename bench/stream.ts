/**
 * A stream of 20,000 tokens, each an HTTP chunk of its own, from a model on loopback: CPU a token,
 * memory. Tau's adapters alone (Chat Completions and Responses) and the whole runtime with a listener,
 * beside bare undici.
 *
 * `node --conditions=@tau/source bench/stream.ts [--rounds 3] [--json]`
 */
import { runScript, startService } from "./lib/child.ts";
import { benchOptions, printReport, rounded } from "./lib/report.ts";
import { inRounds } from "./lib/rounds.ts";
import { median, medianRatio } from "./lib/statistics.ts";
import type { StreamSample } from "./stream/worker.ts";

// So many that what is compiled while they open, which is theirs together, does not count for much.
const heldStreams = 2_000;
const rungs = ["bare", "adapter", "responses", "runtime"] as const;
type Rung = (typeof rungs)[number];

const { rounds, json } = benchOptions(3);
await using model = await startService(new URL("stream/mock-model.ts", import.meta.url));
const worker = new URL("stream/worker.ts", import.meta.url);
const samples = await inRounds(rungs, rounds, (rung, round) =>
  // Streams are held in the last round only: it takes seconds, and memory does not vary as time does.
  runScript<StreamSample>(worker, [
    new URL(`stream/${rung}.ts`, import.meta.url).pathname,
    model.baseUrl,
    String(round === rounds - 1 ? heldStreams : 0),
  ]),
);

const all = (rung: Rung, key: keyof StreamSample): readonly number[] =>
  samples.of(rung).map((sample) => sample[key]);
const of = (rung: Rung, key: keyof StreamSample): number => median(all(rung, key));
const held = (rung: Rung, key: keyof StreamSample): number => samples.of(rung).at(-1)?.[key] ?? Number.NaN;

const rows = rungs.map((rung) => ({
  rung,
  "µs CPU/token": rounded(of(rung, "burstMicros")),
  "× bare": rounded(medianRatio(all(rung, "burstMicros"), all("bare", "burstMicros"))),
  "seen %": rounded(of(rung, "tokensSeen") * 100),
  "growth KB": rounded(of(rung, "growthKb")),
  "peak MB": rounded(of(rung, "peakMb")),
  "held heap KB": rounded(held(rung, "heldHeapKb")),
  "held RSS KB": rounded(held(rung, "heldRssKb")),
  "held µs CPU/token": rounded(held(rung, "heldMicrosPerToken")),
}));

printReport(
  {
    bench: "stream",
    rows,
    goals: [
      {
        what: "stream: adapter, CPU a token",
        measured: of("adapter", "burstMicros"),
        unit: "µs",
        limit: 2,
        aim: 1.2,
      },
      {
        what: "stream: adapter for Responses, CPU a token",
        measured: of("responses", "burstMicros"),
        unit: "µs",
        limit: 2,
        aim: 1.2,
      },
      {
        what: "stream: runtime, CPU a token",
        measured: of("runtime", "burstMicros"),
        unit: "µs",
        limit: 2,
        aim: 1.2,
      },
      {
        what: "stream: heap an open stream holds, adapter",
        measured: held("adapter", "heldHeapKb"),
        unit: "KB",
        limit: 20,
        aim: 12,
      },
      {
        what: "stream: the same with its run, session and listener",
        measured: held("runtime", "heldHeapKb"),
        unit: "KB",
        limit: 20,
        aim: 12,
      },
    ],
    notes: [
      "growth: heap after a collection at 3/4 of the answer less at 1/4 of it, so half of the text is in it (about 65 KB).",
      `held: ${heldStreams} streams open at one token a second each, so every token is a wake-up of its own; last round only.`,
      "seen: tokens that came as fragments; a listener slower than the model drops the oldest, the finished message has all.",
    ],
  },
  json,
);
