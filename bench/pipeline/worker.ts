/**
 * Measures calls through the adapter and through the chain in one process, in slices that take turns, so that what
 * disturbs one disturbs the other: `node worker.ts <base url>`.
 */
import { createHttpTransport, createOpenAiChat } from "@tau/agent";
import type { Model, ModelRequest } from "@tau/agent";
import { userText } from "@tau/core";

import { cpuMsOf, median, quantile } from "../lib/statistics.ts";
import { burstTokens } from "../stream/rung.ts";
import { benchContext, fullChain } from "./full-chain.ts";

/** What one round measured. Microseconds are of CPU, milliseconds of wall. */
export interface PipelineSample {
  readonly adapterCallMicros: number;
  readonly chainCallMicros: number;
  /** The median of the slices' differences. */
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
const context = benchContext();
const instructions = "You are a helpful assistant. Answer briefly. ".repeat(5);
const prompt = "The quick brown fox jumps over the lazy dog. ".repeat(22);
const transport = createHttpTransport();
let asked = 0;

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

/** About 1.2 KB that nobody asked before, flat as from a request's body. */
function question(maxOutputTokens = 500): ModelRequest {
  const request: ModelRequest = {
    system: instructions,
    messages: [userText(`${prompt}${asked++}`)],
    tools: [],
    temperature: 0,
    maxOutputTokens,
  };
  return JSON.parse(JSON.stringify(request));
}

async function ask(model: Model, request: ModelRequest): Promise<number> {
  let events = 0;
  for await (const batch of model.stream(request, context)) events += batch.length;
  return events;
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
  for (let warm = 0; warm < 30; warm++) {
    await slice(adapter, sliceCalls, []);
    await slice(chain, sliceCalls, []);
  }
  const took = { adapter: new Array<number>(), chain: new Array<number>() };
  const cpu = { adapter: new Array<number>(), chain: new Array<number>() };
  for (let one = 0; one < 60; one++) {
    cpu.adapter.push(await slice(adapter, sliceCalls, took.adapter));
    cpu.chain.push(await slice(chain, sliceCalls, took.chain));
  }
  return {
    adapterCallMicros: median(cpu.adapter),
    chainCallMicros: median(cpu.chain),
    addedCallMicros: median(cpu.chain.map((micros, index) => micros - (cpu.adapter[index] ?? Number.NaN))),
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
  return { adapterTokenMicros: median(cpu.adapter), chainTokenMicros: median(cpu.chain) };
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
  for (let warm = 0; warm < 20; warm++) await hits();
  const measured: number[] = [];
  for (let one = 0; one < 60; one++) measured.push(await hits());
  return { hitMicros: median(measured) };
}

const sample: PipelineSample = {
  ...(await measureCalls()),
  ...(await measureTokens()),
  ...(await measureHits()),
};
await transport[Symbol.asyncDispose]();
process.stdout.write(`${JSON.stringify(sample)}\n`);
process.exit(0);
