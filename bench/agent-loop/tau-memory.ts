import { openMemoryStore } from "../lib/bench-runtime.ts";
import { createBenchModel, openTau } from "./tau-rung.ts";
import type { Rung } from "./rung.ts";

const runsOfAStore = 1_000;

/** A store that forgets, and the runs that were begun on it. */
interface Era {
  readonly tau: Promise<Rung>;
  readonly runs: Promise<string>[];
}

/**
 * Tau with its in-memory store. That keeps every run for ever, so now and then an empty one takes its place: else it
 * would be measured how long the collector takes for what was measured before.
 */
export async function openRung({ baseUrl }: { readonly baseUrl: string }): Promise<Rung> {
  const model = createBenchModel(baseUrl);
  const begin = (): Era => ({ tau: openTau(openMemoryStore(), model), runs: [] });
  const end = async ({ tau, runs }: Era): Promise<void> => {
    await Promise.allSettled(runs);
    await (await tau)[Symbol.asyncDispose]();
  };
  let era = begin();
  let ended: Promise<void> = Promise.resolve();
  return {
    async run() {
      if (era.runs.length === runsOfAStore) {
        ended = end(era);
        era = begin();
      }
      const run = era.tau.then((tau) => tau.run());
      era.runs.push(run);
      return await run;
    },
    async [Symbol.asyncDispose]() {
      await ended;
      await end(era);
    },
  };
}
