import type { EffectState } from "@tau/session";
import type { ReadyCall } from "@tau/tools";

/** An effect with its validated call. */
export interface ReadyEffect {
  readonly effect: EffectState;
  readonly prepared: ReadyCall;
}
