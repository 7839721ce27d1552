import { unreachable } from "@tau/core";

/** How long a limit holds before counting begins again, in UTC; `ever` never begins again. */
export type BudgetWindow = "minute" | "day" | "month" | "ever";

const minuteMs = 60_000;
const dayMs = 86_400_000;

/** Where the window of this moment began, in milliseconds since the epoch; 0 for `ever`. */
export function windowStart(window: BudgetWindow, at: number): number {
  switch (window) {
    case "minute":
      return at - (at % minuteMs);
    case "day":
      return at - (at % dayMs);
    case "month": {
      const date = new Date(at);
      return Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1);
    }
    case "ever":
      return 0;
    default:
      return unreachable(window);
  }
}

/** When the window of this moment ends; undefined for `ever`. */
export function windowEnd(window: BudgetWindow, at: number): number | undefined {
  switch (window) {
    case "minute":
      return windowStart(window, at) + minuteMs;
    case "day":
      return windowStart(window, at) + dayMs;
    case "month": {
      const date = new Date(at);
      return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1);
    }
    case "ever":
      return undefined;
    default:
      return unreachable(window);
  }
}
