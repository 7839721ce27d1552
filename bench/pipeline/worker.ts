/**
 * Measures calls through the adapter and through the chain in one process, in slices that take turns, so that what
 * disturbs one disturbs the other: `node worker.ts <base url>`.
 */
import { createHttpTransport, createOpenAiChat } from "@tau/agent";
import type { Model } from "@tau/agent";

import { cpuMsOf, median, quantile } from "../lib/statistics.ts";
import { warmUp } from "../lib/warm-up.ts";
import { burstTokens } from "../stream/rung.ts";
import { ask, question } from "./ask.ts";
import { fullChain } from "./full-chain.ts";

/** What one round measured. Microseconds are of CPU, the lower quartiles of slices; milliseconds are of wall. */
export interface PipelineSample {
  readonly adapterCallMicros: number;
  readonly chainCallMicros: number;
  /** The difference of the two. */
  readonly addedCallMicros: number;
  readonly adapterP50Ms: number;
  readonly chainP50Ms: number;
  readonly adapterP99Ms: number;
  readonly chainP99Ms: number;
  readonly adapterTokenMicros: number;
  readonly chainTokenMicros: number;
  /** A call whose answer is in the cache. */
  readonly hitMicros: number;
}

interface Pair {
  readonly adapter: Model;
  readonly chain: Model;
}

const [baseUrl = ""] = process.argv.slice(2);
const transport = createHttpTransport();

function pairAt(pace: "short" | "burst"): Pair {
  const adapter = createOpenAiChat({
    baseUrl: `${baseUrl}/${pace}/v1`,
    apiKey: "none",
    model: "mock",
    price: { inputPerMillion: 1_000_000, outputPerMillion: 2_000_000 },
    transport,
  });
  return { adapter, chain: fullChain(adapter) };
}

/** Neighbours on the machine only ever make a slice dearer. */
function lowerQuartile(micros: readonly number[]): number {
  return quantile(micros, 0.25);
}

/** CPU of a slice of calls, each; and how long each took. */
async function slice(model: Model, calls: number, took: number[]): Promise<number> {
  const requests = Array.from({ length: calls }, () => question());
  const cpuMs = await cpuMsOf(async () => {
    for (const request of requests) {
      const start = performance.now();
      await ask(model, request);
      took.push(performance.now() - start);
    }
  });
  return (cpuMs * 1_000) / calls;
}

async function measureCalls(): Promise<
  Omit<PipelineSample, "adapterTokenMicros" | "chainTokenMicros" | "hitMicros">
> {
  const { adapter, chain } = pairAt("short");
  const sliceCalls = 100;
  await warmUp(async () => {
    await slice(adapter, sliceCalls, []);
    return await slice(chain, sliceCalls, []);
  });
  const took = { adapter: new Array<number>(), chain: new Array<number>() };
  const cpu = { adapter: new Array<number>(), chain: new Array<number>() };
  for (let one = 0; one < 60; one++) {
    cpu.adapter.push(await slice(adapter, sliceCalls, took.adapter));
    cpu.chain.push(await slice(chain, sliceCalls, took.chain));
  }
  return {
    adapterCallMicros: lowerQuartile(cpu.adapter),
    chainCallMicros: lowerQuartile(cpu.chain),
    addedCallMicros: lowerQuartile(cpu.chain) - lowerQuartile(cpu.adapter),
    adapterP50Ms: median(took.adapter),
    chainP50Ms: median(took.chain),
    adapterP99Ms: quantile(took.adapter, 0.99),
    chainP99Ms: quantile(took.chain, 0.99),
  };
}

async function burst(model: Model): Promise<number> {
  const cpuMs = await cpuMsOf(async () => {
    const events = await ask(model, question(30_000));
    if (events < burstTokens) throw new Error(`A long answer had ${events} events.`);
  });
  return (cpuMs * 1_000) / burstTokens;
}

async function measureTokens(): Promise<Pick<PipelineSample, "adapterTokenMicros" | "chainTokenMicros">> {
  const { adapter, chain } = pairAt("burst");
  for (let warm = 0; warm < 4; warm++) await Promise.all([burst(adapter), burst(chain)]);
  const cpu = { adapter: new Array<number>(), chain: new Array<number>() };
  for (let one = 0; one < 12; one++) {
    cpu.adapter.push(await burst(adapter));
    cpu.chain.push(await burst(chain));
  }
  return { adapterTokenMicros: lowerQuartile(cpu.adapter), chainTokenMicros: lowerQuartile(cpu.chain) };
}

async function measureHits(): Promise<Pick<PipelineSample, "hitMicros">> {
  const { chain } = pairAt("short");
  const known = Array.from({ length: 100 }, () => question());
  const hits = async (): Promise<number> => {
    const cpuMs = await cpuMsOf(async () => {
      for (const request of known) await ask(chain, request);
    });
    return (cpuMs * 1_000) / known.length;
  };
  await warmUp(hits);
  const measured: number[] = [];
  for (let one = 0; one < 60; one++) measured.push(await hits());
  return { hitMicros: lowerQuartile(measured) };
}

const sample: PipelineSample = {
  ...(await measureCalls()),
  ...(await measureTokens()),
  ...(await measureHits()),
};
await transport[Symbol.asyncDispose]();
process.stdout.write(`${JSON.stringify(sample)}\n`);
process.exit(0);
