/** Measures one rung in a process of its own and prints what it cost: `node worker.ts <rung> <base url> <held>`. */
import { setTimeout as pause } from "node:timers/promises";

import { cpuMsOf } from "../lib/statistics.ts";
import { burstTokens } from "./rung.ts";
import type { OpenRung, Pace, Rung } from "./rung.ts";

/** What one round of one rung measured. */
export interface StreamSample {
  readonly burstMicros: number;
  /** Tokens a listener got of those that were sent, 0 to 1; the finished text always has them all. */
  readonly tokensSeen: number;
  /** Heap after a collection, three quarters through a long answer less one quarter through it. */
  readonly growthKb: number;
  /** The most that the heap held during a long answer above what it held before, garbage included. */
  readonly peakMb: number;
  /** Of one stream that is held open at one token a second. */
  readonly heldHeapKb: number;
  readonly heldRssKb: number;
  readonly heldMicrosPerToken: number;
}

const [file = "", baseUrl = "", held = "0"] = process.argv.slice(2);
const collect = (): void => {
  globalThis.gc?.();
};
const heapBytes = (): number => process.memoryUsage().heapUsed;

async function burst(rung: Rung, onTokens: (count: number) => void = () => undefined): Promise<void> {
  const ask = await rung.prepare("burst");
  const length = await ask({ onTokens });
  if (length < burstTokens * 5) throw new Error(`A long answer had ${length} characters.`);
}

async function measureBurst(rung: Rung): Promise<Pick<StreamSample, "burstMicros" | "tokensSeen">> {
  const answers = 15;
  for (let warm = 0; warm < 5; warm++) await burst(rung);
  let seen = 0;
  const cpuMs = await cpuMsOf(async () => {
    for (let one = 0; one < answers; one++) await burst(rung, (count) => (seen += count));
  });
  const tokens = answers * burstTokens;
  return { burstMicros: (cpuMs * 1_000) / tokens, tokensSeen: seen / tokens };
}

async function measureMemory(rung: Rung): Promise<Pick<StreamSample, "growthKb" | "peakMb">> {
  collect();
  const before = heapBytes();
  let peak = before;
  await burst(rung, () => (peak = Math.max(peak, heapBytes())));
  const marks: number[] = [];
  let tokens = 0;
  await burst(rung, (count) => {
    tokens += count;
    if (tokens < (burstTokens * (marks.length === 0 ? 1 : 3)) / 4 || marks.length === 2) return;
    collect();
    marks.push(heapBytes());
  });
  const [early = 0, late = 0] = marks;
  return { growthKb: (late - early) / 1_024, peakMb: (peak - before) / 2 ** 20 };
}

type HeldSample = Pick<StreamSample, "heldHeapKb" | "heldRssKb" | "heldMicrosPerToken">;

async function measureHeld(rung: Rung, streams: number): Promise<HeldSample> {
  if (streams === 0) return { heldHeapKb: Number.NaN, heldRssKb: Number.NaN, heldMicrosPerToken: Number.NaN };
  const warm = await hold(rung, 20);
  await warm.leave();
  collect();
  const before = process.memoryUsage();
  const open = await hold(rung, streams);
  await pause(1_000);
  collect();
  const after = process.memoryUsage();
  const tokensBefore = open.tokens();
  const cpuMs = await cpuMsOf(() => pause(3_000));
  const tokens = open.tokens() - tokensBefore;
  await open.leave();
  return {
    heldHeapKb: (after.heapUsed - before.heapUsed) / 1_024 / streams,
    heldRssKb: (after.rss - before.rss) / 1_024 / streams,
    heldMicrosPerToken: (cpuMs * 1_000) / tokens,
  };
}

interface Held {
  tokens(): number;
  leave(): Promise<void>;
}

/** Opens streams that go on until one leaves; resolves when each of them has its first token. */
async function hold(rung: Rung, streams: number): Promise<Held> {
  const stop = new AbortController();
  let tokens = 0;
  const ended: Promise<unknown>[] = [];
  const pace: Pace = "held";
  for (let one = 0; one < streams; one++) {
    const ask = await rung.prepare(pace);
    await new Promise<void>((resolve, reject) => {
      const onTokens = (count: number): void => {
        tokens += count;
        resolve();
      };
      ended.push(ask({ onTokens, signal: stop.signal }).catch((error: unknown) => reject(error)));
    });
  }
  return {
    tokens: () => tokens,
    async leave() {
      stop.abort();
      await Promise.all(ended);
    },
  };
}

const { openRung }: { openRung: OpenRung } = await import(file);
const rung = await openRung(baseUrl);
const sample: StreamSample = {
  // Before the long answers: they leave room in the heap, and streams that fill it would seem to take no memory.
  ...(await measureHeld(rung, Number(held))),
  ...(await measureBurst(rung)),
  ...(await measureMemory(rung)),
};
await rung[Symbol.asyncDispose]();
process.stdout.write(`${JSON.stringify(sample)}\n`);
process.exit(0);
