import type { Terminal } from "./terminal.ts";

/** When the last question at an input is over. */
const lasts = new WeakMap<object, Promise<unknown>>();

/**
 * Has questions at one terminal wait for each other, from their first word to their answer: a line answers the question that
 * a person read last, and nobody who asks at the same moment gets it for another one.
 *
 * Throws the reason of `signal`, also while it waits.
 */
export async function inTurn<T>(
  { stdin }: Pick<Terminal, "stdin">,
  signal: AbortSignal,
  ask: () => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const before = lasts.get(stdin) ?? Promise.resolve();
  const { promise: mine, resolve: end } = Promise.withResolvers<void>();
  lasts.set(
    stdin,
    before.then(async () => await mine),
  );
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    await Promise.race([before, aborted]);
    return await ask();
  } finally {
    signal.removeEventListener("abort", onAbort);
    end();
  }
}
