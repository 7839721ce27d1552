/** Who hears of an abort. An object is told by its method: a closure would take three times what the listening does. */
export type AbortListener = (() => void) | { aborted(): void };

/** Those who wait for a signal, in the order in which they came. Is itself the one event listener that they share. */
class Waiting {
  /** Nearly always there are two at most, and a set is dear. */
  first: AbortListener | undefined;
  second: AbortListener | undefined;
  all: Set<AbortListener> | undefined;
  /** Whoever aborts the signal tells them. */
  readonly isTold: boolean;

  constructor(isTold: boolean) {
    this.isTold = isTold;
  }

  handleEvent(): void {
    const { all } = this;
    // Whoever leaves meanwhile must not be told.
    for (let listener = this.first; listener !== undefined; listener = this.first) {
      this.first = this.second;
      this.second = undefined;
      tell(listener);
    }
    for (const listener of all ?? []) tell(listener);
    this.all = undefined;
  }
}

function tell(listener: AbortListener): void {
  if (typeof listener === "function") listener();
  else listener.aborted();
}

/** On the signal itself: a map of signals would cost a call more than everything else here. */
const waiting = Symbol("tau.waiting");

type HeardSignal = AbortSignal & { [waiting]?: Waiting };

/** A signal, and how to abort it. */
export interface AbortSource {
  readonly signal: AbortSignal;
  abort(reason: unknown): void;
}

/**
 * Makes a signal of one's own. It is as that of an `AbortController`, but {@link onAbort} needs no event listener to hear
 * of it, which is most of what listening costs.
 */
export function createAbortSource(): AbortSource {
  return new ToldSource();
}

/** Those who wait, and whoever tells them, in one: every run and every listener has one. */
class ToldSource extends Waiting implements AbortSource {
  readonly #controller = new AbortController();

  constructor() {
    super(true);
    const signal: HeardSignal = this.signal;
    signal[waiting] = this;
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  abort(reason: unknown): void {
    if (this.signal.aborted) return;
    this.#controller.abort(reason);
    this.handleEvent();
  }
}

/**
 * Calls `listener` once when `signal` aborts, unless {@link offAbort} comes first; never for one that has aborted.
 * It must not throw.
 *
 * Adding and removing an event listener costs microseconds, and a run waits for something under its signal at every
 * turn. So all listeners of a signal share one event listener, which stays as long as one of them does.
 */
export function onAbort(signal: AbortSignal, listener: AbortListener): void {
  const heard: HeardSignal = signal;
  const found = (heard[waiting] ??= new Waiting(false));
  const { first, second, all } = found;
  if (all !== undefined) all.add(listener);
  else if (first === undefined) {
    found.first = listener;
    if (!found.isTold) signal.addEventListener("abort", found, { once: true });
  } else if (first === listener || second === listener) return;
  else if (second === undefined) found.second = listener;
  else {
    found.all = new Set([first, second, listener]);
    found.first = undefined;
    found.second = undefined;
  }
}

/** Takes back an {@link onAbort}. Leaves nothing on the signal when it was the last one. */
export function offAbort(signal: AbortSignal, listener: AbortListener): void {
  const heard: HeardSignal = signal;
  const found = heard[waiting];
  if (found === undefined) return;
  if (found.all !== undefined) {
    if (!found.all.delete(listener) || found.all.size > 0) return;
    found.all = undefined;
  } else if (found.second === listener) {
    found.second = undefined;
    return;
  } else {
    if (found.first !== listener) return;
    found.first = found.second;
    found.second = undefined;
    if (found.first !== undefined) return;
  }
  if (!found.isTold) signal.removeEventListener("abort", found);
}
