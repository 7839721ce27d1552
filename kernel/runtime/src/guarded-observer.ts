import type { Observer } from "@tau/core";

/** Makes an observer that never throws: it only watches, and must not be able to change a run. */
export function guardedObserver(observer: Observer): Observer {
  return (observation) => {
    try {
      observer(observation);
    } catch {
      // There is nobody left to tell.
    }
  };
}
