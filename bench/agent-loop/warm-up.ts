/** How a process is brought to its steady state. */
export interface WarmUpOptions {
  /** Runs that are made in any case. */
  readonly atLeast: number;
  /** Runs after which it is measured as it is. */
  readonly atMost: number;
  /** Runs of a window. */
  readonly window: number;
}

// Neighbours on the machine slow windows down and never speed them up, so the fastest ones are compared.
const lookBack = 4;
const isGain = 0.97;

/**
 * Makes runs that are not counted until they no longer get cheaper: until the cheapest of the last four windows is
 * less than 3 % below the cheapest before them. Answers how many runs that took. `measure` makes a window of runs and
 * answers what one of them cost.
 */
export async function warmUp(
  { atLeast, atMost, window }: WarmUpOptions,
  measure: (runs: number) => Promise<number>,
): Promise<number> {
  const costs: number[] = [];
  for (let runs = 0; ; runs += window) {
    const isLevel = Math.min(...costs.slice(-lookBack)) > isGain * Math.min(...costs.slice(0, -lookBack));
    if (runs >= atMost || (runs >= atLeast && isLevel)) return runs;
    costs.push(await measure(window));
  }
}
