/**
 * What running a tool twice would mean.
 *
 * - `pure`: reads only; may run again, and beside others.
 * - `idempotent`: may run again under the same key with the same end.
 * - `compensable`: changes the world, and knows how to undo it; never runs again by itself.
 * - `irreversible`: changes the world for good; never runs again by itself.
 */
export type SideEffectClass = "pure" | "idempotent" | "compensable" | "irreversible";

/** Tells whether an effect that a crash interrupted may simply be run again. */
export function mayRunAgain(sideEffect: SideEffectClass): boolean {
  return sideEffect === "pure" || sideEffect === "idempotent";
}
