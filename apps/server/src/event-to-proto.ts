import { create } from "@bufbuild/protobuf";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { Delta, RunEvent, SessionEvent } from "@tau/core";
import { toolCallsOf, unreachable } from "@tau/core";
import type { RunResponse } from "@tau/proto";
import {
  ApprovalAnswer,
  EffectKind,
  enumOf,
  HookDecision,
  HookPoint,
  PermissionDecision,
  Remember,
  RunResponseSchema,
  SessionStatus,
  SideEffectClass,
  StopReason,
  ToolCallPhase,
  WaitingReason,
} from "@tau/proto";

import { approvalToProto } from "./approval-to-proto.ts";
import { entriesToProto, partsToProto, structToProto, usageToProto } from "./content-to-proto.ts";
import { effectFinishedToProto } from "./effect-to-proto.ts";
import { labelToProto } from "./label-to-proto.ts";
import { optional } from "./optional.ts";
import { limitsToProto, runFinishedToProto } from "./run-to-proto.ts";

type Case = NonNullable<MessageInitShape<typeof RunResponseSchema>["event"]>;

/** Writes the events of one listener in the words of the contract. */
export interface EventWriter {
  toProto(event: RunEvent): RunResponse;
}

/**
 * Makes an {@link EventWriter}: the one place where events meet the contract.
 *
 * It remembers the tool calls of the last model call, because the original `ToolCallEvent` repeats the
 * arguments, and the events of the journal do not.
 */
export function createEventWriter(): EventWriter {
  const argumentsOf = new Map<string, string>();

  return {
    toProto(event) {
      if (event.kind === "delta") {
        return create(RunResponseSchema, { event: deltaCase(event.delta), runId: event.runId });
      }
      if (event.event.type === "model_finished") {
        argumentsOf.clear();
        for (const call of toolCallsOf(event.event.message)) argumentsOf.set(call.id, call.arguments);
      }
      return create(RunResponseSchema, {
        event: factCase(event.event, argumentsOf),
        seq: BigInt(event.seq),
        at: timestampFromMs(event.at),
        ...("runId" in event.event ? { runId: event.event.runId } : {}),
      });
    },
  };
}

function deltaCase(delta: Delta): Case {
  switch (delta.type) {
    case "text_delta":
      return { case: "token", value: { text: delta.text } };
    case "thinking_delta":
      return { case: "thinking", value: { text: delta.text } };
    case "tool_call_started":
      return {
        case: "toolCall",
        value: {
          toolName: delta.name,
          toolCallId: delta.id,
          index: delta.index,
          phase: ToolCallPhase.REQUESTED,
        },
      };
    case "tool_progress":
      return {
        case: "toolProgress",
        value: { effectId: delta.effectId, toolName: delta.tool, text: delta.text },
      };
    default:
      return unreachable(delta);
  }
}

// One arm per event: longer than a screen, and still one idea.
function factCase(event: SessionEvent, argumentsOf: ReadonlyMap<string, string>): Case {
  switch (event.type) {
    case "session_created":
      return {
        case: "sessionCreated",
        value: {
          sessionId: event.sessionId,
          tenant: event.tenant,
          principal: event.principal,
          bootstrap: entriesToProto(event.bootstrap),
          ...optional(
            "forkedFrom",
            event.forkedFrom && {
              sessionId: event.forkedFrom.sessionId,
              seq: BigInt(event.forkedFrom.seq),
            },
          ),
        },
      };
    case "run_started":
      return {
        case: "status",
        value: {
          status: SessionStatus.RUNNING,
          message: "The run started.",
          detail: {
            case: "started",
            value: {
              agent: event.agent,
              principal: event.principal,
              prompt: partsToProto(event.prompt.parts),
              limits: limitsToProto(event.limits),
              environment: event.environment,
              profile: event.profile,
            },
          },
        },
      };
    case "run_resumed":
      return {
        case: "status",
        value: {
          status: SessionStatus.RUNNING,
          message: "The run goes on after a restart.",
          detail: { case: "resumed", value: { rerunEffects: [...event.rerunEffects] } },
        },
      };
    case "run_waiting":
      return {
        case: "status",
        value: {
          status: SessionStatus.WAITING,
          message: "The run waits for a person.",
          detail: {
            case: "waiting",
            value: { reason: enumOf(WaitingReason, event.reason), approvalIds: [...event.approvalIds] },
          },
        },
      };
    case "run_finished":
      return runFinishedToProto(event);
    case "model_finished":
      return {
        case: "stepFinished",
        value: {
          step: event.step,
          provider: event.provider,
          model: event.model,
          message: partsToProto(event.message.parts),
          usage: usageToProto(event.usage),
          ...optional(
            "costMicroUsd",
            event.costMicroUsd === undefined ? undefined : BigInt(event.costMicroUsd),
          ),
          stopReason: enumOf(StopReason, event.stopReason),
          durationMs: BigInt(event.durationMs),
          ...optional("stopDetails", event.stopDetails && structToProto(event.stopDetails)),
          ...labelToProto(event.label),
        },
      };
    case "permission_decided":
      return {
        case: "permissionDecided",
        value: {
          effectId: event.effectId,
          toolName: event.tool,
          decision: enumOf(PermissionDecision, event.decision),
          reason: event.reason,
          ...optional("rule", event.rule),
          ...optional("rewrittenArguments", event.rewrittenArguments),
          kinds: (event.kinds ?? []).map((kind) => enumOf(EffectKind, kind)),
          ...labelToProto(event.label),
        },
      };
    case "approval_requested":
      return { case: "approvalRequested", value: approvalToProto(event) };
    case "approval_answered":
      return {
        case: "approvalAnswered",
        value: {
          approvalId: event.approvalId,
          effectId: event.effectId,
          answer: enumOf(ApprovalAnswer, event.answer),
          by: event.by,
          ...optional("note", event.note),
          ...optional("remember", event.remember && enumOf(Remember, event.remember)),
        },
      };
    case "effect_started":
      return {
        case: "toolCall",
        value: {
          toolName: event.tool,
          arguments: argumentsOf.get(event.callId) ?? "",
          toolCallId: event.callId,
          effectId: event.effectId,
          sideEffect: enumOf(SideEffectClass, event.sideEffect),
          phase: ToolCallPhase.STARTED,
          idempotencyKey: event.idempotencyKey,
          environment: event.environment,
        },
      };
    case "effect_finished":
      return {
        case: "toolCall",
        value: effectFinishedToProto(event, argumentsOf.get(event.callId) ?? ""),
      };
    case "context_injected":
      return {
        case: "contextInjected",
        value: { entries: entriesToProto(event.entries), inboxSeq: BigInt(event.inboxSeq) },
      };
    case "context_trimmed":
      return {
        case: "contextTrimmed",
        value: {
          fromSeq: BigInt(event.fromSeq),
          droppedMessages: event.droppedMessages,
          clearedCalls: [...(event.clearedCalls ?? [])],
        },
      };
    case "hook_decided":
      return {
        case: "hookDecided",
        value: {
          hook: event.hook,
          point: enumOf(HookPoint, event.point),
          decision: enumOf(HookDecision, event.decision),
          ...optional("reason", event.reason),
          ...optional("details", event.details === undefined ? undefined : structToProto(event.details)),
        },
      };
    case "unknown":
      return {
        case: "unknown",
        value: {
          originalType: event.originalType,
          originalVersion: event.originalVersion,
          body: structToProto(event.body),
        },
      };
    default:
      return unreachable(event);
  }
}
