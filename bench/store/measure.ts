/** One way to store the events of runs. */
export interface Rung extends AsyncDisposable {
  /** Makes an event durable, after the `seq - 1` that the run has. */
  append(run: number, seq: number): Promise<unknown>;
}

/** What an append costs, in microseconds. */
export interface Cost {
  /** CPU time of all threads. */
  readonly cpuUs: number;
  /** Time that the main thread was busy. */
  readonly mainUs: number;
  readonly wallUs: number;
}

/** Ten turns with a tool call each, an answer, and the beginning. */
export const appendsPerRun = 22;

const filler = "The quick brown fox jumps over the lazy dog. ".repeat(11).slice(0, 440);

/** The text of an event, about 500 B. */
export function bodyOf(seq: number): string {
  return JSON.stringify({ role: "assistant", parts: [{ type: "text", text: filler }], seq });
}

/** Runs `runs` runs, `concurrency` at a time, on a store of their own. */
export async function measure(
  open: () => Promise<Rung>,
  { concurrency, runs }: { readonly concurrency: number; readonly runs: number },
): Promise<Cost> {
  await using rung = await open();
  let begun = 0;
  const lanes = async (until: number): Promise<void> => {
    const lane = async (): Promise<void> => {
      while (begun < until) {
        const run = ++begun;
        for (let seq = 1; seq <= appendsPerRun; seq++) await rung.append(run, seq);
      }
    };
    await Promise.all(Array.from({ length: concurrency }, lane));
  };
  await lanes(Math.max(concurrency, runs / 5));
  const [cpu, loop, start] = [process.cpuUsage(), performance.eventLoopUtilization(), performance.now()];
  const before = begun;
  await lanes(before + runs);
  const wallMs = performance.now() - start;
  const { active } = performance.eventLoopUtilization(loop);
  const { user, system } = process.cpuUsage(cpu);
  const appends = (begun - before) * appendsPerRun;
  return {
    cpuUs: (user + system) / appends,
    mainUs: (active * 1_000) / appends,
    wallUs: (wallMs * 1_000) / appends,
  };
}
