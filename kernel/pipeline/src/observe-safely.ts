import type { Observation, Observer } from "@tau/core";

/** Tells an observer, which only watches and must not be able to change a call. */
export function observeSafely(observer: Observer, observation: Observation): void {
  try {
    observer(observation);
  } catch {
    // There is nobody left to tell.
  }
}
