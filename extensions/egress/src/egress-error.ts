import { TauError } from "@tau/core";
import type { TauErrorOptions } from "@tau/core";

import type { egressErrorCodes } from "./error-codes.ts";

/** A code of a failure of this package. */
export type EgressErrorCode = keyof typeof egressErrorCodes;

const classes: Readonly<Record<EgressErrorCode, NonNullable<TauErrorOptions["class"]>>> = {
  "egress.denied": "permanent",
  "egress.invalid_url": "permanent",
  "egress.invalid_rule": "permanent",
  "egress.unresolved": "retryable",
  "egress.failed": "retryable",
  "egress.unavailable": "permanent",
  "egress.too_many_redirects": "permanent",
};

/** Makes a failure of this package. `message` holds neither credentials nor query strings. */
export function egressError(code: EgressErrorCode, message: string, cause?: unknown): TauError {
  return new TauError(code, message, { class: classes[code], ...(cause === undefined ? {} : { cause }) });
}
