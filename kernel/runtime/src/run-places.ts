import { createRecent } from "./recent.ts";

// About 150 bytes each. A listener whose run is forgotten costs a few reads more.
const maxKept = 2_000;

/** Names a run. */
export interface PlacedRun {
  readonly tenant: string;
  readonly sessionId: string;
  readonly runId: string;
}

/**
 * Where runs that were handed in here begin, at the earliest: whoever listens from there on need not ask whether the
 * run ended before.
 */
export interface RunPlaces {
  set(run: PlacedRun, seq: number): void;
  get(run: PlacedRun): number | undefined;
}

/** Makes {@link RunPlaces} that keep the runs handed in last. */
export function createRunPlaces(): RunPlaces {
  const places = createRecent<number>(maxKept);
  return {
    set: (run, seq) => places.set(keyOf(run), seq),
    get: (run) => places.get(keyOf(run)),
  };
}

function keyOf({ tenant, sessionId, runId }: PlacedRun): string {
  return `${tenant}/${sessionId}/${runId}`;
}
