/** Calls something whenever nothing else happened for a while. */
export interface KeepAlive extends Disposable {
  /** Something happened. */
  touch(): void;
}

/** Makes a {@link KeepAlive} that calls `act` after `ms` milliseconds of silence, again and again, and keeps no process alive. */
export function createKeepAlive(ms: number, act: () => void): KeepAlive {
  const timer = setTimeout(() => {
    act();
    timer.refresh();
  }, ms).unref();
  return {
    touch: () => void timer.refresh(),
    [Symbol.dispose]: () => clearTimeout(timer),
  };
}
