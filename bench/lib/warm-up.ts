import { quantile } from "./statistics.ts";

/** Slices that are compared with as many before them. */
const some = 40;

/**
 * Repeats a slice of work until it gets no cheaper: compilers look at a function again after thousands of calls. Compares
 * the lower quartiles of forty slices and of the forty before them, because neighbours only ever make a slice dearer.
 */
export async function warmUp(slice: () => Promise<number>, maxSlices = 600): Promise<void> {
  const costs: number[] = [];
  while (costs.length < maxSlices) {
    for (let one = 0; one < some; one++) costs.push(await slice());
    const before = costs.slice(-2 * some, -some);
    if (costs.length > 4 * some && quantile(costs.slice(-some), 0.25) > quantile(before, 0.25) * 0.97) return;
  }
}
