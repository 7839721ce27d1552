import { RunMode } from "@tau/proto";
import type { ApprovedPlan, GetPlanRequest, Readiness, RunRequest } from "@tau/proto";

import { check } from "./violation.ts";
import type { Violation } from "./violation.ts";

const idPattern = /^[A-Za-z0-9._:-]{1,128}$/;
const maxRequirements = 200;
const maxFolderBytes = 4_096;

/** What is wrong with the folder that a session is to work in; whether it is served is for the server to say. */
export function workspaceRule(
  workspace: string | undefined,
  entries: readonly { readonly key: string }[],
): readonly Violation[] {
  if (workspace === undefined) return [];
  return [
    ...check(
      workspace !== "",
      "workspace",
      "is empty; name a folder, or leave it out for your own workspace",
    ),
    ...check(
      Buffer.byteLength(workspace) <= maxFolderBytes && !/\p{Cc}/u.test(workspace),
      "workspace",
      `is not a folder's name; use at most ${maxFolderBytes} bytes without control characters`,
    ),
    ...check(
      !workspace.split(/[\\/]/u).includes(".."),
      "workspace",
      'leads upwards; leave ".." out and name the folder itself',
    ),
    ...check(
      entries.every(({ key }) => key !== "workspace"),
      "workspace",
      'is named in bootstrap_context, too; leave the entry "workspace" out',
    ),
  ];
}

/** What is wrong with what a run is to be bound to. */
export function boundRule({ mode, carryOut, readiness, agent }: RunRequest): readonly Violation[] {
  return [
    ...check(mode <= RunMode.PLAN, "mode", "is not known; use PLAN, or leave it out"),
    ...check(
      mode === RunMode.UNSPECIFIED || agent === undefined,
      "agent",
      "goes without mode only: a mode chooses the agent; leave one of them out",
    ),
    ...check(
      mode === RunMode.UNSPECIFIED || carryOut === undefined,
      "carry_out",
      "goes without mode only: who plans changes nothing; leave one of them out",
    ),
    ...(carryOut === undefined ? [] : approvedRule(carryOut)),
    ...(readiness === undefined ? [] : readinessRule(readiness)),
  ];
}

function approvedRule({ path, sha256, approvalId }: ApprovedPlan): readonly Violation[] {
  return [
    ...planPath("carry_out.path", path),
    ...check(
      /^[0-9a-f]{64}$/.test(sha256),
      "carry_out.sha256",
      "is not a hash; give the 64 hexadecimal digits of the plan that was read",
    ),
    ...check(
      approvalId === undefined || idPattern.test(approvalId),
      "carry_out.approval_id",
      "is not an id; use 1 to 128 characters of a-z A-Z 0-9 . _ : -",
    ),
  ];
}

/** What is wrong with requirements and answers; their words are checked where they are read. */
export function readinessRule(given: Readiness | undefined): readonly Violation[] {
  const { requirements = [], answers = [] } = given ?? {};
  return [
    ...check(
      requirements.length >= 1 && requirements.length <= maxRequirements,
      "readiness.requirements",
      `has ${requirements.length} requirements; send 1 to ${maxRequirements}`,
    ),
    ...check(
      answers.length <= maxRequirements,
      "readiness.answers",
      `has ${answers.length} answers; send at most ${maxRequirements}`,
    ),
    ...answers
      .slice(0, maxRequirements)
      .flatMap(({ requirementId, value }, index) => [
        ...check(
          requirementId !== "" && requirementId.length <= 2_000,
          `readiness.answers[${index}].requirement_id`,
          "is missing or too long; give the id of a requirement",
        ),
        ...check(
          value.trim() !== "" && value.length <= 2_000,
          `readiness.answers[${index}].value`,
          `has ${value.length} characters; say what is known in 1 to 2000, or leave the answer out`,
        ),
      ]),
  ];
}

/** What is wrong with the plan that is to be shown. */
export function planRule({ path }: GetPlanRequest): readonly Violation[] {
  return planPath("path", path);
}

function planPath(field: string, path: string): readonly Violation[] {
  return check(
    /^plans\/[^/\\\p{Cc}]{1,250}\.md$/u.test(path),
    field,
    "is not a plan; give one as ListPlans names it, such as plans/logger.md",
  );
}
