import type {
  AttachRequest,
  CancelRunRequest,
  CheckReadinessRequest,
  ContextEntry,
  CreateSessionRequest,
  ForkSessionRequest,
  GetPlanRequest,
  GetSessionRequest,
  InjectContextRequest,
  ListPlansRequest,
  ListSessionsRequest,
  Part,
  RespondRequest,
  RevokeGrantRequest,
  RunLimits,
  RunRequest,
} from "@tau/proto";
import { ApprovalAnswer, Remember } from "@tau/proto";

import { labelRule } from "./label-rules.ts";
import { check } from "./violation.ts";
import type { Violation } from "./violation.ts";
import { boundRule, planRule, readinessRule, workspaceRule } from "./work-rules.ts";

/** Every rule answers what is wrong with a request; nothing, when it may pass. */
export type Rule<Request> = (request: Request) => readonly Violation[];

const maxEntries = 256;
const maxPages = 200;
const idPattern = /^[A-Za-z0-9._:-]{1,128}$/;
const mediaTypePattern = /^[a-z0-9][a-z0-9.+-]{0,126}\/[a-z0-9][a-z0-9.+-]{0,126}(?:;.{0,126})?$/i;

function id(field: string, value: string): readonly Violation[] {
  const reason =
    value === "" ? "is missing; give an id" : "is not an id; use 1 to 128 characters of a-z A-Z 0-9 . _ : -";
  return check(idPattern.test(value), field, reason);
}

function optionalId(field: string, value: string | undefined): readonly Violation[] {
  return value === undefined ? [] : id(field, value);
}

function atMost(field: string, value: string, characters: number): readonly Violation[] {
  return check(
    value.length <= characters,
    field,
    `has ${value.length} characters; shorten it to at most ${characters}`,
  );
}

function seq(field: string, value: bigint, least: bigint): readonly Violation[] {
  return check(
    value >= least && value <= BigInt(Number.MAX_SAFE_INTEGER),
    field,
    `is ${value}; give a sequence number from ${least} to ${Number.MAX_SAFE_INTEGER}`,
  );
}

function entries(field: string, list: readonly ContextEntry[]): readonly Violation[] {
  return [
    ...check(
      list.length <= maxEntries,
      field,
      `has ${list.length} entries; send at most ${maxEntries} at once`,
    ),
    ...list
      .slice(0, maxEntries)
      .flatMap((entry, index) => [
        ...check(entry.key !== "", `${field}[${index}].key`, "is missing; name the entry"),
        ...atMost(`${field}[${index}].key`, entry.key, 256),
        ...check(
          entry.contentType === "" || mediaTypePattern.test(entry.contentType),
          `${field}[${index}].content_type`,
          'is not a MIME type; use one such as "text/plain", or leave it out',
        ),
        ...labelRule(`${field}[${index}].label`, entry.label),
      ]),
  ];
}

function part(field: string, { part: { case: kind, value } }: Part): readonly Violation[] {
  if (kind === "text") return labelRule(`${field}.text.label`, value.label);
  if (kind !== "image" && kind !== "audio" && kind !== "file") {
    return [{ field, reason: `is ${kind ?? "empty"}; a prompt takes text, image, audio and file parts` }];
  }
  const { source } = value;
  return [
    ...check(
      mediaTypePattern.test(value.mediaType),
      `${field}.${kind}.media_type`,
      'is not a MIME type; use one such as "image/png"',
    ),
    ...check(source.case !== undefined, `${field}.${kind}.source`, "is missing; give data or a url"),
    ...check(
      source.case !== "url" || /^https?:\/\/[^\s]{1,4000}$/.test(source.value),
      `${field}.${kind}.url`,
      "is not an http or https address of at most 4000 characters",
    ),
    ...labelRule(`${field}.${kind}.label`, value.label),
  ];
}

function limits(field: string, given: RunLimits | undefined): readonly Violation[] {
  if (given === undefined) return [];
  const most = BigInt(Number.MAX_SAFE_INTEGER);
  const values = [
    ["max_steps", given.maxSteps],
    ["max_tokens", given.maxTokens],
    ["max_cost_micro_usd", given.maxCostMicroUsd],
    ["max_duration_ms", given.maxDurationMs],
  ] as const;
  return values.flatMap(([name, value]) =>
    check(
      value === undefined || (value >= 1 && value <= most),
      `${field}.${name}`,
      `is ${value}; give a number from 1 to ${most}, or leave it out for the agent's limit`,
    ),
  );
}

/** For how long an answer counts: once, or, of an allow, for as long as it says. */
function remember({ answer, remember: scope, rememberForMs }: RespondRequest): readonly Violation[] {
  const isOnce = scope === Remember.UNSPECIFIED;
  return [
    ...check(scope <= Remember.ALWAYS, "remember", "is not known; use SESSION or ALWAYS, or leave it out"),
    ...check(
      isOnce || answer === ApprovalAnswer.ALLOW,
      "remember",
      "goes with ALLOW only; leave it out, or allow",
    ),
    ...check(
      rememberForMs === undefined ||
        (!isOnce && rememberForMs >= 1 && rememberForMs <= BigInt(Number.MAX_SAFE_INTEGER)),
      "remember_for_ms",
      isOnce
        ? "goes with remember only; say SESSION or ALWAYS, or leave it out"
        : `is ${rememberForMs}; give milliseconds from 1 to what the question's grant offers`,
    ),
  ];
}

/** The rules of every request, by call. Made by hand: a schema library would weigh more than the server. */
export const requestRules: {
  readonly createSession: Rule<CreateSessionRequest>;
  readonly run: Rule<RunRequest>;
  readonly injectContext: Rule<InjectContextRequest>;
  readonly getSession: Rule<GetSessionRequest>;
  readonly attach: Rule<AttachRequest>;
  readonly cancelRun: Rule<CancelRunRequest>;
  readonly listSessions: Rule<ListSessionsRequest>;
  readonly forkSession: Rule<ForkSessionRequest>;
  readonly respond: Rule<RespondRequest>;
  readonly revokeGrant: Rule<RevokeGrantRequest>;
  readonly listPlans: Rule<ListPlansRequest>;
  readonly getPlan: Rule<GetPlanRequest>;
  readonly checkReadiness: Rule<CheckReadinessRequest>;
} = {
  createSession: (request) => [
    ...entries("bootstrap_context", request.bootstrapContext),
    ...optionalId("external_id", request.externalId),
    ...workspaceRule(request.workspace, request.bootstrapContext),
  ],
  run: (request) => [
    ...id("session_id", request.sessionId),
    ...check(
      request.prompt !== "" || request.parts.length > 0 || request.carryOut !== undefined,
      "prompt",
      "is empty; say what the agent should do, or send parts",
    ),
    ...optionalId("run_id", request.runId),
    ...optionalId("agent", request.agent),
    ...limits("limits", request.limits),
    ...check(request.parts.length <= 64, "parts", `has ${request.parts.length} parts; send at most 64`),
    ...request.parts.slice(0, 64).flatMap((given, index) => part(`parts[${index}]`, given)),
    ...boundRule(request),
  ],
  injectContext: (request) => [
    ...id("session_id", request.sessionId),
    ...check(request.entries.length > 0, "entries", "is empty; send at least one entry"),
    ...entries("entries", request.entries),
  ],
  getSession: (request) => id("session_id", request.sessionId),
  attach: (request) => [
    ...id("session_id", request.sessionId),
    ...seq("from_seq", request.fromSeq, 0n),
    ...optionalId("until_run_id", request.untilRunId),
    ...check(
      !request.untilWaiting || request.untilRunId !== undefined,
      "until_run_id",
      "is missing; name the run whose waiting ends the call",
    ),
  ],
  cancelRun: (request) => [
    ...id("session_id", request.sessionId),
    ...id("run_id", request.runId),
    ...atMost("reason", request.reason, 1_000),
  ],
  listSessions: (request) => [
    ...check(request.limit <= maxPages, "limit", `is ${request.limit}; ask for at most ${maxPages} at once`),
    ...check(
      request.before === undefined || /^[0-9]{1,16}$/.test(request.before),
      "before",
      "is no page; give next_before of the page before, or leave it out for the first one",
    ),
  ],
  forkSession: (request) => [...id("session_id", request.sessionId), ...seq("at_seq", request.atSeq, 1n)],
  respond: (request) => [
    ...id("session_id", request.sessionId),
    ...id("approval_id", request.approvalId),
    ...check(
      request.answer >= ApprovalAnswer.ALLOW && request.answer <= ApprovalAnswer.ANSWER,
      "answer",
      "is not an answer; use ALLOW, DENY, RERUN, DONE or ANSWER",
    ),
    ...atMost("note", request.note, 4_000),
    ...remember(request),
  ],
  revokeGrant: (request) => id("grant_id", request.grantId),
  listPlans: (request) => id("session_id", request.sessionId),
  getPlan: (request) => [...id("session_id", request.sessionId), ...planRule(request)],
  checkReadiness: ({ readiness }) => readinessRule(readiness),
};
