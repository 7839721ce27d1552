/** How long a limit holds before counting begins again, in UTC; `ever` never begins again. */
export type BudgetWindow = "minute" | "day" | "month" | "ever";

const lengthsMs = { minute: 60_000, day: 86_400_000 } as const;

/** Where the window of this moment began, in milliseconds since the epoch; 0 for `ever`. */
export function windowStart(window: BudgetWindow, at: number): number {
  if (window === "ever") return 0;
  return window === "month" ? monthStart(at, 0) : at - (at % lengthsMs[window]);
}

/** When the window of this moment ends; undefined for `ever`. */
export function windowEnd(window: BudgetWindow, at: number): number | undefined {
  if (window === "ever") return undefined;
  return window === "month" ? monthStart(at, 1) : windowStart(window, at) + lengthsMs[window];
}

function monthStart(at: number, later: number): number {
  const date = new Date(at);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + later, 1);
}
