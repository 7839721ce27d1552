import { timestampMs } from "@bufbuild/protobuf/wkt";
import type { ApprovalRequested, HeldChanges, MicroUsd, PersonQuestion, RunStatus, Usage } from "@tau/core";
import type {
  ApprovalRequestedEvent,
  PersonQuestion as ProtoQuestion,
  SessionInfo as ProtoSessionInfo,
} from "@tau/proto";
import { sessionStatusWords, WaitingReason, wordOf } from "@tau/proto";

import { usageFromProto } from "./content-from-proto.ts";
import { grantOfferFromProto } from "./grant-from-proto.ts";
import { labelFromProto } from "./label-from-proto.ts";
import { understood } from "./not-understood.ts";
import { optional } from "./optional.ts";

/** A session at a glance. */
export interface SessionInfo {
  readonly sessionId: string;
  readonly status: RunStatus;
  /** The sequence number of its newest event. */
  readonly version: number;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  /** Milliseconds since the epoch. */
  readonly updatedAt: number;
  /** Finished runs. */
  readonly turns: number;
  /** The run under way, or the last one. */
  readonly runId?: string;
  readonly usage: Usage;
  readonly costMicroUsd: MicroUsd;
  /** Questions that wait for a person. */
  readonly pending: readonly ApprovalRequested[];
  /** The beginning of its first prompt, on one line; absent before there is one. */
  readonly title?: string;
  /** The folder that it works in, on the server's machine. */
  readonly workspace?: string;
  /** Its status is `running`, and nobody runs it: whoever did is gone. Absent otherwise. */
  readonly interrupted?: true;
}

/** Reads a session at a glance. */
export function sessionFromProto(info: ProtoSessionInfo): SessionInfo {
  return {
    sessionId: info.sessionId,
    status: understood(sessionStatusWords.get(info.status)),
    version: Number(info.version),
    createdAt: info.createdAt === undefined ? 0 : timestampMs(info.createdAt),
    updatedAt: info.updatedAt === undefined ? 0 : timestampMs(info.updatedAt),
    turns: info.turns,
    ...optional("runId", info.runId),
    usage: usageFromProto(info.usage),
    costMicroUsd: Number(info.costMicroUsd),
    pending: info.pending.map(approvalFromProto),
    ...optional("title", info.title),
    ...optional("workspace", info.workspace),
    ...(info.interrupted ? { interrupted: true } : {}),
  };
}

function questionFromProto({ text, options }: ProtoQuestion): PersonQuestion {
  return options.length === 0 ? { text } : { text, options };
}

/** Reads a question to a person. */
export function approvalFromProto(event: ApprovalRequestedEvent): ApprovalRequested {
  return {
    type: "approval_requested",
    runId: event.runId,
    approvalId: event.approvalId,
    effectId: event.effectId,
    reason: understood(wordOf(WaitingReason, event.reason)),
    tool: event.toolName,
    arguments: event.arguments,
    binding: event.binding,
    summary: event.summary,
    expiresAt: event.expiresAt === undefined ? 0 : timestampMs(event.expiresAt),
    ...optional("held", event.held && heldFromProto(event.held)),
    ...optional("question", event.question && questionFromProto(event.question)),
    ...labelFromProto(event.label),
    ...optional("times", event.times),
    ...optional("grant", event.grant && grantOfferFromProto(event.grant)),
  };
}

function heldFromProto({
  transactionId,
  hash,
  changes,
  diff,
}: NonNullable<ApprovalRequestedEvent["held"]>): HeldChanges {
  return { transactionId, hash, changes, diff };
}
