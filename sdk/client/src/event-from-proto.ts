import { toJson } from "@bufbuild/protobuf";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import type { Delta, EffectKind as EffectKindWord, RunEvent, SessionEvent } from "@tau/core";
import { isJsonObject } from "@tau/core";
import type { RunResponse } from "@tau/proto";
import {
  ApprovalAnswer,
  EffectKind,
  HookDecision,
  HookPoint,
  PermissionDecision,
  Remember,
  RunResponseSchema,
  StopReason,
  ToolCallPhase,
  wordOf,
} from "@tau/proto";

import { entriesFromProto, partsOf, usageFromProto } from "./content-from-proto.ts";
import { labelFromProto } from "./label-from-proto.ts";
import { NotUnderstood, understood } from "./not-understood.ts";
import { optional } from "./optional.ts";
import { finishedFromProto } from "./run-from-proto.ts";
import { approvalFromProto } from "./session-from-proto.ts";
import { statusFromProto } from "./status-from-proto.ts";
import { toolCallFromProto } from "./tool-call-from-proto.ts";

const answerParts = ["text", "thinking", "image", "audio", "file", "tool_call", "provider_item"] as const;

/**
 * Reads one event: the way back of the server's `event-to-proto.ts`.
 *
 * @returns undefined for a fragment that a newer server added; a fact it added becomes an `unknown` event
 */
export function eventFromProto(response: RunResponse): RunEvent | undefined {
  if (response.seq === undefined) {
    const delta = deltaFromProto(response);
    return delta === undefined ? undefined : { kind: "delta", runId: response.runId, delta };
  }
  const at = response.at === undefined ? 0 : timestampMs(response.at);
  return { kind: "event", seq: Number(response.seq), at, event: knownOrUnknown(response) };
}

function deltaFromProto({ event }: RunResponse): Delta | undefined {
  switch (event.case) {
    case "token":
      return { type: "text_delta", text: event.value.text };
    case "thinking":
      return { type: "thinking_delta", text: event.value.text };
    case "toolProgress":
      return {
        type: "tool_progress",
        effectId: event.value.effectId,
        tool: event.value.toolName,
        text: event.value.text,
      };
    case "toolCall": {
      const { phase, index, toolCallId: id, toolName: name } = event.value;
      return phase === ToolCallPhase.REQUESTED ? { type: "tool_call_started", index, id, name } : undefined;
    }
    default:
      return undefined;
  }
}

function knownOrUnknown(response: RunResponse): SessionEvent {
  try {
    return factFromProto(response);
  } catch (error) {
    if (!(error instanceof NotUnderstood)) throw error;
    const body = toJson(RunResponseSchema, response);
    return {
      type: "unknown",
      originalType: response.event.case ?? "unknown",
      originalVersion: 0,
      body: isJsonObject(body) ? body : {},
    };
  }
}

// One arm per event: longer than a screen, and still one idea.
function factFromProto({ event, runId }: RunResponse): SessionEvent {
  switch (event.case) {
    case "sessionCreated": {
      const { sessionId, tenant, principal, bootstrap, forkedFrom } = event.value;
      return {
        type: "session_created",
        sessionId,
        tenant,
        principal,
        bootstrap: entriesFromProto(bootstrap),
        ...optional(
          "forkedFrom",
          forkedFrom && { sessionId: forkedFrom.sessionId, seq: Number(forkedFrom.seq) },
        ),
      };
    }
    case "status":
      return statusFromProto(event.value, runId);
    case "error":
      return finishedFromProto(event.value.finished, runId, "failed");
    case "toolCall":
      return toolCallFromProto(event.value, runId);
    case "stepFinished": {
      const { step, provider, model, message, usage, costMicroUsd, stopReason, durationMs } = event.value;
      const { stopDetails, label } = event.value;
      return {
        type: "model_finished",
        runId,
        step,
        provider,
        model,
        message: { role: "assistant", parts: partsOf(message, answerParts) },
        usage: usageFromProto(usage),
        ...optional("costMicroUsd", costMicroUsd === undefined ? undefined : Number(costMicroUsd)),
        stopReason: understood(wordOf(StopReason, stopReason)),
        durationMs: Number(durationMs),
        ...optional("stopDetails", stopDetails),
        ...labelFromProto(label),
      };
    }
    case "permissionDecided": {
      const { effectId, toolName: tool, decision, reason, rule, rewrittenArguments } = event.value;
      const { kinds, label } = event.value;
      return {
        type: "permission_decided",
        runId,
        effectId,
        tool,
        decision: understood(wordOf(PermissionDecision, decision)),
        reason,
        ...optional("rule", rule),
        ...optional("rewrittenArguments", rewrittenArguments),
        ...optional("kinds", kinds.length === 0 ? undefined : kinds.map(kindFromProto)),
        ...labelFromProto(label),
      };
    }
    case "approvalRequested":
      return approvalFromProto(event.value);
    case "approvalAnswered": {
      const { approvalId, effectId, answer, by, note, remember } = event.value;
      return {
        type: "approval_answered",
        runId,
        approvalId,
        effectId,
        answer: understood(wordOf(ApprovalAnswer, answer)),
        by,
        ...optional("note", note),
        ...optional("remember", wordOf(Remember, remember)),
      };
    }
    case "contextInjected": {
      const { entries, inboxSeq } = event.value;
      return {
        type: "context_injected",
        runId,
        entries: entriesFromProto(entries),
        inboxSeq: Number(inboxSeq),
      };
    }
    case "contextTrimmed": {
      const { fromSeq, droppedMessages, clearedCalls } = event.value;
      return {
        type: "context_trimmed",
        runId,
        fromSeq: Number(fromSeq),
        droppedMessages,
        ...(clearedCalls.length === 0 ? {} : { clearedCalls }),
      };
    }
    case "hookDecided": {
      const { hook, point, decision, reason, details } = event.value;
      return {
        type: "hook_decided",
        runId,
        hook,
        point: understood(wordOf(HookPoint, point)),
        decision: understood(wordOf(HookDecision, decision)),
        ...optional("reason", reason),
        ...optional("details", details),
      };
    }
    case "unknown": {
      const { originalType, originalVersion, body } = event.value;
      return { type: "unknown", originalType, originalVersion, body: body ?? {} };
    }
    default:
      throw new NotUnderstood();
  }
}

/** A kind that a newer server knows is feared like the worst that this one does. */
function kindFromProto(kind: EffectKind): EffectKindWord {
  return wordOf(EffectKind, kind) ?? "irreversible";
}
