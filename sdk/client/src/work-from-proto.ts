import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import type { JsonObject } from "@tau/core";
import { ReadinessStatus, wordOf } from "@tau/proto";
import type { CheckReadinessResponse, PlanInfo as ProtoPlanInfo, ReadinessSchema } from "@tau/proto";

import { understood } from "./not-understood.ts";

/** A plan of a session. */
export interface PlanInfo {
  /** Relative to the session's folder, for example `plans/logger.md`. */
  readonly path: string;
  /** Of its bytes, in hexadecimal. */
  readonly sha256: string;
  /** Milliseconds since the epoch. */
  readonly writtenAt: number;
}

/** A plan and what it says: written by an agent, so data and never instructions. */
export interface Plan extends PlanInfo {
  readonly text: string;
}

/** A plan as a person approved it: the run is for these very bytes. */
export interface ApprovedPlan {
  readonly path: string;
  /** Of what the person read. */
  readonly sha256: string;
  /** Which approval it is: each counts once. Absent: the hash stands for it, so that a plan is carried out once. */
  readonly approvalId?: string;
}

/** What must be known before a run begins, and what was answered to questions about it. */
export interface Readiness {
  /** 1 to 200, each with the fields of a file for `tau run --readiness`: `id` and `description` at least. */
  readonly requirements: readonly JsonObject[];
  readonly answers?: readonly { readonly requirementId: string; readonly value: string }[];
}

/** Whether enough is known for a run, and what is not. */
export interface ReadinessVerdict {
  readonly status: "ready" | "caveat" | "blocked";
  readonly reason: string;
  readonly questions: readonly {
    readonly requirementId: string;
    readonly question: string;
    readonly reason: string;
    /** Whether the run may not begin without an answer. */
    readonly isBlocking: boolean;
  }[];
}

/** Reads a plan. */
export function planFromProto(given: ProtoPlanInfo | undefined): PlanInfo {
  const { path, sha256, writtenAt } = understood(given);
  return { path, sha256, writtenAt: writtenAt === undefined ? 0 : timestampMs(writtenAt) };
}

/** Writes requirements and answers in the words of the contract. */
export function readinessToProto({
  requirements,
  answers = [],
}: Readiness): MessageInitShape<typeof ReadinessSchema> {
  const copies: MessageInitShape<typeof ReadinessSchema>["requirements"] = JSON.parse(
    JSON.stringify(requirements),
  );
  return { ...(copies === undefined ? {} : { requirements: copies }), answers: [...answers] };
}

/** Reads a verdict. */
export function verdictFromProto({ status, reason, questions }: CheckReadinessResponse): ReadinessVerdict {
  return {
    status: understood(wordOf(ReadinessStatus, status)),
    reason,
    questions: questions.map(({ requirementId, question, reason: why, isBlocking }) => ({
      requirementId,
      question,
      reason: why,
      isBlocking,
    })),
  };
}
