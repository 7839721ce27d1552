import { offAbort, onAbort } from "@tau/core";

/** As long as the registry of tools gives a tool: all of a run that is cancelled ends within this bound. */
export const defaultGraceMs = 250;

/**
 * Settles with `promise`, or rejects with the signal's reason when it aborts and `promise` does not settle within
 * `graceMs`: code that obeys its signal ends by itself, code that does not holds nobody up. Leaves no listener behind.
 */
export function untilAborted<T>(
  promise: Promise<T>,
  signal: AbortSignal,
  graceMs: number = defaultGraceMs,
): Promise<T> {
  return new Promise((resolve, reject) => {
    let timer: NodeJS.Timeout | undefined;
    const abort = (): void => {
      timer = setTimeout(() => reject(toError(signal.reason)), graceMs);
    };
    const leave = (): void => {
      offAbort(signal, abort);
      clearTimeout(timer);
    };
    if (signal.aborted) abort();
    else onAbort(signal, abort);
    promise.then(
      (value) => {
        leave();
        resolve(value);
      },
      (error: unknown) => {
        leave();
        reject(error);
      },
    );
  });
}

/** What a promise is rejected with when a signal aborts. */
export function toError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}
