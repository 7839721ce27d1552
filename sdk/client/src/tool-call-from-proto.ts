import type { SessionEvent, ToolResultContent } from "@tau/core";
import type { ToolCallEvent } from "@tau/proto";
import { EffectOutcome, SideEffectClass, ToolCallPhase, wordOf } from "@tau/proto";

import { partsOf } from "./content-from-proto.ts";
import { NotUnderstood, understood } from "./not-understood.ts";
import { optional } from "./optional.ts";

/** Reads how a tool call began or ended. */
export function toolCallFromProto(event: ToolCallEvent, runId: string): SessionEvent {
  const { effectId, toolCallId: callId, toolName: tool, phase } = event;
  if (phase === ToolCallPhase.STARTED) {
    return {
      type: "effect_started",
      runId,
      effectId,
      callId,
      tool,
      sideEffect: understood(wordOf(SideEffectClass, event.sideEffect)),
      idempotencyKey: event.idempotencyKey,
      environment: event.environment,
    };
  }
  if (phase !== ToolCallPhase.FINISHED) throw new NotUnderstood();
  return {
    type: "effect_finished",
    runId,
    effectId,
    callId,
    tool,
    outcome: understood(wordOf(EffectOutcome, event.outcome)),
    result: { type: "tool_result", callId, name: tool, content: contentOf(event), isError: event.isError },
    durationMs: Number(event.durationMs),
    ...optional("details", event.details),
  };
}

/** One text travels as `result`; anything else as `content`. */
function contentOf({ result, content }: ToolCallEvent): readonly ToolResultContent[] {
  if (content.length === 0 && result !== "") return [{ type: "text", text: result }];
  return partsOf(content, ["text", "image", "file"]);
}
