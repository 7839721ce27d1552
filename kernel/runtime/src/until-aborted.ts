// As long as the registry of tools gives a tool: all of a run that is cancelled ends within this bound.
const defaultGraceMs = 250;

/**
 * Settles with `promise`, or rejects with the signal's reason when it aborts and `promise` does not settle within
 * `graceMs`: code that obeys its signal ends by itself, code that does not holds nobody up. Leaves no listener behind.
 */
export async function untilAborted<T>(
  promise: Promise<T>,
  signal: AbortSignal,
  graceMs: number = defaultGraceMs,
): Promise<T> {
  const abandoned = Promise.withResolvers<never>();
  let timer: NodeJS.Timeout | undefined;
  const abort = (): void => {
    timer = setTimeout(() => abandoned.reject(toError(signal.reason)), graceMs);
  };
  signal.addEventListener("abort", abort, { once: true });
  try {
    if (signal.aborted) abort();
    return await Promise.race([promise, abandoned.promise]);
  } finally {
    signal.removeEventListener("abort", abort);
    clearTimeout(timer);
  }
}

function toError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}
