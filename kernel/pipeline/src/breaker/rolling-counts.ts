/** Slices of the window; counts older than the window are off by at most one slice. */
const slices = 6;

interface Slice {
  /** The window's number times its slice; tells whether the counts are of today. */
  number: number;
  successes: number;
  failures: number;
}

/** Counts of the last `windowMs`, in constant memory. */
export class RollingCounts {
  readonly #sliceMs: number;
  readonly #slices: Slice[] = Array.from({ length: slices }, () => ({
    number: -1,
    successes: 0,
    failures: 0,
  }));

  constructor(windowMs: number) {
    this.#sliceMs = windowMs / slices;
  }

  /** Counts one call that ended now. */
  add(outcome: "success" | "failure", nowMs: number): void {
    const number = Math.floor(nowMs / this.#sliceMs);
    const slice = this.#slices[number % slices];
    if (slice === undefined) return;
    if (slice.number !== number) {
      slice.number = number;
      slice.successes = 0;
      slice.failures = 0;
    }
    if (outcome === "success") slice.successes++;
    else slice.failures++;
  }

  /** All calls of the window, and those that failed. */
  total(nowMs: number): { readonly calls: number; readonly failures: number } {
    const oldest = Math.floor(nowMs / this.#sliceMs) - slices;
    let calls = 0;
    let failures = 0;
    for (const slice of this.#slices) {
      if (slice.number <= oldest) continue;
      calls += slice.successes + slice.failures;
      failures += slice.failures;
    }
    return { calls, failures };
  }
}
