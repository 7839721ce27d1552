import { isTauError } from "@tau/core";

/** What a check found. */
export interface Finding {
  /** One word. */
  readonly check: string;
  /** `note` is worth knowing and no reason to worry. */
  readonly result: "ok" | "note" | "fault";
  readonly detail: string;
}

/** The finding for a check that failed. */
export function faultOf(check: string, error: unknown): Finding {
  if (isTauError(error)) return { check, result: "fault", detail: `${error.message} [${error.code}]` };
  return { check, result: "fault", detail: error instanceof Error ? error.message : String(error) };
}
