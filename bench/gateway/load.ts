import { Pool } from "undici";

import { quantile } from "../lib/statistics.ts";

/** What a gateway did under load. */
export interface LoadSample {
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Whom to load and how. */
export interface LoadOptions {
  readonly origin: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly stream: boolean;
  readonly connections: number;
  readonly ms: number;
}

const prompt = "The quick brown fox jumps over the lazy dog. ".repeat(22);
let asked = 0;

/** Asks over and over on so many connections, each time something that nobody asked before. */
export async function load({ origin, headers, stream, connections, ms }: LoadOptions): Promise<LoadSample> {
  const pool = new Pool(origin, { connections, pipelining: 1 });
  const took: number[] = [];
  const end = performance.now() + ms;
  const worker = async (): Promise<void> => {
    while (performance.now() < end) {
      const messages = [{ role: "user", content: `${prompt}${asked++}` }];
      const body = JSON.stringify({ model: "mock", stream, messages, max_tokens: 500, temperature: 0 });
      const start = performance.now();
      const answer = await pool.request({
        path: "/v1/chat/completions",
        method: "POST",
        headers: { "content-type": "application/json", ...headers },
        body,
      });
      const text = await answer.body.text();
      if (answer.statusCode !== 200 || !text.includes("word")) {
        throw new Error(`The gateway answered ${answer.statusCode}: ${text.slice(0, 200)}`);
      }
      took.push(performance.now() - start);
    }
  };
  try {
    await Promise.all(Array.from({ length: connections }, worker));
  } finally {
    await pool.destroy();
  }
  return {
    requestsPerSecond: (took.length * 1_000) / ms,
    p50Ms: quantile(took, 0.5),
    p99Ms: quantile(took, 0.99),
  };
}
