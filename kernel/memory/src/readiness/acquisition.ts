import type { KnowledgeGap, ReadinessReport } from "./readiness-report.ts";
import type { AcquisitionMode, KnowledgeRequirement } from "./requirement.ts";

/** What kind of answer is wanted. */
export type AnswerType =
  | "free_text"
  | "select_one"
  | "multi_select"
  | "file_upload"
  | "credential"
  | "url"
  | "yes_no";

/** A question for a person. */
export interface UserQuestion {
  readonly id: string;
  readonly requirementId: string;
  readonly question: string;
  /** `credential`: the answer is where the secret is kept, never the secret. */
  readonly answerType: AnswerType;
  /** What needs the answer. */
  readonly reason: string;
  readonly isBlocking: boolean;
}

/** How knowledge of one kind is to be got. */
export interface DataAcquisitionPlan {
  /** `acquire_<mode>`. */
  readonly id: string;
  readonly mode: Exclude<AcquisitionMode, "ask_user" | "not_available">;
  readonly requirementIds: readonly string[];
  readonly requirements: readonly KnowledgeRequirement[];
}

/** The questions that the gaps of a report raise: those of users, and those that are to be asked when all else fails. */
export function questionsFor({ gaps }: ReadinessReport): readonly UserQuestion[] {
  return gaps
    .filter(
      ({ requirement }) =>
        requirement.acquisitionMode === "ask_user" ||
        requirement.fallbackPolicy === "ask" ||
        requirement.sensitivity === "secret",
    )
    .map(toQuestion);
}

/** The plans by which the gaps of a report may be closed without asking: one for each mode. */
export function plansFor({ gaps }: ReadinessReport): readonly DataAcquisitionPlan[] {
  const plans = new Map<DataAcquisitionPlan["mode"], KnowledgeRequirement[]>();
  for (const { requirement } of gaps) {
    const { acquisitionMode: mode, sensitivity } = requirement;
    // Nobody goes looking for secrets.
    if (mode === "ask_user" || mode === "not_available" || sensitivity === "secret") continue;
    plans.set(mode, [...(plans.get(mode) ?? []), requirement]);
  }
  return [...plans].map(([mode, requirements]) => ({
    id: `acquire_${mode}`,
    mode,
    requirements,
    requirementIds: requirements.map(({ id }) => id),
  }));
}

function toQuestion({ requirement, isBlocking }: KnowledgeGap): UserQuestion {
  const { id, description, requiredFor, sensitivity, category } = requirement;
  const isSecret = sensitivity === "secret" || category === "credential_or_secret";
  const what = description.trim().replace(/[.?]+$/u, "");
  return {
    id: `ask_${id}`,
    requirementId: id,
    question: isSecret
      ? `Where is this kept: ${what}? (Name the place, never the secret itself.)`
      : `${what}?`,
    answerType: isSecret ? "credential" : "free_text",
    reason:
      requiredFor.length === 0
        ? "It must be known before the task begins."
        : `Needed for ${requiredFor.join(", ")}.`,
    isBlocking,
  };
}
