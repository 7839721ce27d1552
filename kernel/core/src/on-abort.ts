/** Those who wait for a signal, in the order in which they came. */
interface Waiting {
  readonly listeners: Set<() => void>;
  readonly tellAll: () => void;
}

/** On the signal itself: a map of signals would cost a call more than everything else here. */
const waiting = Symbol("tau.waiting");

type HeardSignal = AbortSignal & { [waiting]?: Waiting };

/**
 * Calls `listener` once when `signal` aborts, unless {@link offAbort} comes first; never for one that has aborted.
 * It must not throw.
 *
 * Adding and removing an event listener costs microseconds, and a run waits for something under its signal at every
 * turn. So all listeners of a signal share one event listener, which stays as long as one of them does.
 */
export function onAbort(signal: AbortSignal, listener: () => void): void {
  const heard: HeardSignal = signal;
  let found = heard[waiting];
  if (found === undefined) {
    const listeners = new Set<() => void>();
    const tellAll = (): void => {
      for (const tell of listeners) tell();
      listeners.clear();
    };
    found = { listeners, tellAll };
    heard[waiting] = found;
  }
  if (found.listeners.size === 0) signal.addEventListener("abort", found.tellAll, { once: true });
  found.listeners.add(listener);
}

/** Takes back an {@link onAbort}. Leaves nothing on the signal when it was the last one. */
export function offAbort(signal: AbortSignal, listener: () => void): void {
  const heard: HeardSignal = signal;
  const found = heard[waiting];
  if (found === undefined || !found.listeners.delete(listener) || found.listeners.size > 0) return;
  signal.removeEventListener("abort", found.tellAll);
}
