import { TauError } from "@tau/core";

/** The error of a call whose budget nobody could tell. */
export function budgetUnavailable(cause: unknown): TauError {
  return new TauError(
    "budget.unavailable",
    "The budget could not be checked, so nothing was asked. Ask again.",
    { class: "retryable", cause },
  );
}
