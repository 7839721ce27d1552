import type { ToolCallPart } from "@tau/core";
import type { EffectState } from "@tau/session";

/** The call as it will be run: with the arguments that were decided on. */
export function effectiveCall({ call, decided }: EffectState): ToolCallPart {
  const rewritten = decided?.rewrittenArguments;
  return rewritten === undefined ? call : { ...call, arguments: rewritten };
}
