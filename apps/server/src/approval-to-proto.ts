import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { ApprovalRequested, PersonQuestion } from "@tau/core";
import type { ApprovalRequestedEvent } from "@tau/proto";
import { ApprovalRequestedEventSchema, enumOf, WaitingReason } from "@tau/proto";

import { grantOfferToProto } from "./grant-to-proto.ts";
import { labelToProto } from "./label-to-proto.ts";
import { optional } from "./optional.ts";

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
    ...optional("held", event.held),
    ...optional("question", event.question && questionToProto(event.question)),
    ...labelToProto(event.label),
    ...optional("times", event.times),
    ...optional("grant", event.grant && grantOfferToProto(event.grant)),
  });
}

function questionToProto({ text, options = [] }: PersonQuestion): { text: string; options: string[] } {
  return { text, options: [...options] };
}
