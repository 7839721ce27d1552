import type { Rung } from "./rung.ts";

/** Runs a rung `runs` times, `concurrency` at a time; answers how long each run took, in ms. */
export async function runAll(rung: Rung, runs: number, concurrency: number): Promise<readonly number[]> {
  const took: number[] = [];
  let left = runs;
  const lane = async (): Promise<void> => {
    while (left-- > 0) {
      const start = performance.now();
      const text = await rung.run();
      if (!text.endsWith("word19 "))
        throw new Error(`A run ended with ${JSON.stringify(text.slice(0, 80))}.`);
      took.push(performance.now() - start);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, lane));
  return took;
}
