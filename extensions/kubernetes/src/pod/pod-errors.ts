import { TauError } from "@tau/core";

/** Makes the error of an operation that the pod refused. `why` is a sentence. */
export function failed(operation: string, why: string, cause?: unknown): TauError {
  return new TauError("environment.failed", `${operation} failed: ${why}`, { cause });
}

/** Makes the error for a path that is not there. */
export function missing(operation: string, path: string): TauError {
  return new TauError("environment.not_found", `${operation} failed: ${path} does not exist.`);
}
