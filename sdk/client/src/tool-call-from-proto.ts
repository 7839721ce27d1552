import type { EffectFinished, HeldValue, SessionEvent, ToolResultContent } from "@tau/core";
import type { ToolCallEvent } from "@tau/proto";
import { EffectOutcome, SideEffectClass, ToolCallPhase, wordOf } from "@tau/proto";

import { partsOf, usageFromProto } from "./content-from-proto.ts";
import { knownLabel, labelFromProto } from "./label-from-proto.ts";
import { NotUnderstood, understood } from "./not-understood.ts";
import { optional } from "./optional.ts";

/** Reads how a tool call began or ended. */
export function toolCallFromProto(event: ToolCallEvent, runId: string): SessionEvent {
  const { effectId, toolCallId: callId, toolName: tool, phase, spent } = event;
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
    ...optional("kept", event.kept),
    ...keptFromModel(event),
    ...optional(
      "spent",
      spent && {
        usage: usageFromProto(spent.usage),
        costMicroUsd: Number(spent.costMicroUsd),
      },
    ),
  };
}

/** One text travels as `result`; anything else as `content`. */
function contentOf({ result, content, label }: ToolCallEvent): readonly ToolResultContent[] {
  if (content.length === 0 && result !== "")
    return [{ type: "text", text: result, ...labelFromProto(label) }];
  return partsOf(content, ["text", "image", "file"]);
}

/** What the model is not shown, or not to trust. */
function keptFromModel({ tainted, values }: ToolCallEvent): Pick<EffectFinished, "tainted" | "values"> {
  const held: Record<string, HeldValue> = {};
  for (const [handle, { value, label }] of Object.entries(values))
    held[handle] = { value, label: knownLabel(label) };
  return {
    ...optional("tainted", tainted && { paths: tainted.paths, label: knownLabel(tainted.label) }),
    ...optional("values", Object.keys(held).length === 0 ? undefined : held),
  };
}
