import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { ApprovalRequested, PersonQuestion } from "@tau/core";
import type { ApprovalRequestedEvent } from "@tau/proto";
import { ApprovalRequestedEventSchema, enumOf, WaitingReason } from "@tau/proto";

/** Writes a question to a person in the words of the contract. */
export function approvalToProto(event: ApprovalRequested): ApprovalRequestedEvent {
  return create(ApprovalRequestedEventSchema, {
    approvalId: event.approvalId,
    effectId: event.effectId,
    reason: enumOf(WaitingReason, event.reason),
    toolName: event.tool,
    arguments: event.arguments,
    binding: event.binding,
    summary: event.summary,
    expiresAt: timestampFromMs(event.expiresAt),
    runId: event.runId,
    ...(event.held === undefined ? {} : { held: event.held }),
    ...(event.question === undefined ? {} : { question: questionToProto(event.question) }),
  });
}

function questionToProto({ text, options = [] }: PersonQuestion): { text: string; options: string[] } {
  return { text, options: [...options] };
}
