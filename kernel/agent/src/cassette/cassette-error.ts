import { TauError } from "@tau/core";

import type { CassetteErrorCode } from "../error-codes.ts";

/** Makes an error of this folder; `message` must name no path of this machine. */
export function cassetteError(code: CassetteErrorCode, message: string, cause?: unknown): TauError {
  return new TauError(code, message, cause === undefined ? {} : { cause });
}
