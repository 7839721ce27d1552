import { silentObserver } from "@tau/core";
import type { Observation, Observer } from "@tau/core";

/** An observer that may be told anywhere: what it throws is dropped. */
export function safeObserver(observer: Observer): Observer {
  return observer === silentObserver ? observer : (observation) => observeSafely(observer, observation);
}

/** Tells an observer, which only watches and must not be able to change a call. */
export function observeSafely(observer: Observer, observation: Observation): void {
  try {
    observer(observation);
  } catch {
    // There is nobody left to tell.
  }
}
