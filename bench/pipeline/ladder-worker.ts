/**
 * Measures what each layer adds to a call: the adapter, the pipeline without layers, with the outermost, with the two
 * outermost, and so on, slice by slice in turns, in another order each time: `node ladder-worker.ts <base url>`.
 */
import { createHttpTransport, createOpenAiChat } from "@tau/agent";
import type { Model } from "@tau/agent";
import { withLayers } from "@tau/pipeline";

import { cpuMsOf, quantile } from "../lib/statistics.ts";
import { warmUp } from "../lib/warm-up.ts";
import { ask, question } from "./ask.ts";
import { fullLayers } from "./full-chain.ts";

/** CPU a call of each rung, the lower quartile of its slices. */
export type LadderSample = readonly { readonly rung: string; readonly callMicros: number }[];

const [baseUrl = ""] = process.argv.slice(2);
const transport = createHttpTransport();
const adapter = createOpenAiChat({
  baseUrl: `${baseUrl}/short/v1`,
  apiKey: "none",
  model: "mock",
  price: { inputPerMillion: 1_000_000, outputPerMillion: 2_000_000 },
  transport,
});

/** Each rung has layers of its own: what a cache holds is one rung's. */
const rungs: readonly { readonly rung: string; readonly model: Model; readonly micros: number[] }[] = [
  { rung: "adapter", model: adapter, micros: [] },
  { rung: "pipeline without layers", model: withLayers(adapter), micros: [] },
  ...fullLayers(adapter).map(({ name }, index) => ({
    rung: `and ${name}`,
    model: withLayers(adapter, ...fullLayers(adapter).slice(0, index + 1)),
    micros: [],
  })),
];

async function slice(model: Model): Promise<number> {
  const requests = Array.from({ length: 100 }, () => question());
  const cpuMs = await cpuMsOf(async () => {
    for (const request of requests) await ask(model, request);
  });
  return (cpuMs * 1_000) / requests.length;
}

function shuffled<Item>(items: readonly Item[]): readonly Item[] {
  const places = items.map((item) => ({ item, place: Math.random() }));
  return places.toSorted((a, b) => a.place - b.place).map(({ item }) => item);
}

// The rungs share their code, which is warm twelve times as soon.
await warmUp(async () => {
  let sum = 0;
  for (const { model } of rungs) sum += await slice(model);
  return sum;
}, 40);
// In another order each time: what a rung leaves behind, such as garbage to collect, must not always be the same one's.
for (let one = 0; one < 80; one++) {
  for (const { model, micros } of shuffled(rungs)) micros.push(await slice(model));
}
const sample: LadderSample = rungs.map(({ rung, micros }) => ({ rung, callMicros: quantile(micros, 0.25) }));
await transport[Symbol.asyncDispose]();
process.stdout.write(`${JSON.stringify(sample)}\n`);
process.exit(0);
