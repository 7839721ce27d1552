import type { ToolResultPart } from "@tau/core";
import type { EffectState } from "@tau/session";

import { taintOfUnknown } from "./flow-step.ts";
import type { RunScope } from "./run-scope.ts";

/** Records a result without running anything. */
export function finishEffect(
  scope: Pick<RunScope, "log" | "runId">,
  effect: EffectState,
  outcome: "failed" | "denied" | "completed" | "unknown",
  result: ToolResultPart,
): void {
  const { runId } = scope;
  const { effectId, call } = effect;
  scope.log.record({
    type: "effect_finished",
    runId,
    effectId,
    callId: call.id,
    tool: call.name,
    outcome,
    result,
    durationMs: 0,
    ...(outcome === "unknown" || outcome === "completed" ? taintOfUnknown(effect) : {}),
  });
}
