import { isTauError } from "@tau/core";
import type { ErrorInfo } from "@tau/core";
import { toErrorInfo } from "@tau/core";

import { assertNoSecrets } from "../secrets.ts";
import { plansFor, questionsFor } from "./acquisition.ts";
import type { DataAcquisitionPlan, UserQuestion } from "./acquisition.ts";
import { decideKnowledgeReadiness } from "./decide-readiness.ts";
import type { DecideReadinessOptions, ReadinessDecision } from "./decide-readiness.ts";
import { assessReadiness } from "./readiness-report.ts";
import type { ReadinessReport } from "./readiness-report.ts";
import type { KnowledgeRequirement } from "./requirement.ts";

/** What was learnt of a requirement. */
export interface Learnt {
  readonly requirementId: string;
  /** From 0 to 1. */
  readonly confidence: number;
  /** What it stands on. Without any, it is an assertion, and counts half at most. */
  readonly evidenceIds: readonly string[];
  /** What is known; of a secret, where it is kept. */
  readonly value?: string;
}

/** Whoever can close gaps. What is not given cannot be got. */
export interface KnowledgeProvider {
  /** Asks a person. Questions without an answer stay open. */
  answerQuestions?(questions: readonly UserQuestion[], signal: AbortSignal): Promise<readonly Learnt[]>;
  /** Looks, searches, runs. */
  executePlan?(plan: DataAcquisitionPlan, signal: AbortSignal): Promise<readonly Learnt[]>;
  /** Which evidence does not hold any more. */
  goneEvidence?(ids: readonly string[], signal: AbortSignal): Promise<readonly string[]>;
}

/** What happened on the way, in order. */
export type ReadinessStep =
  | { readonly type: "readiness"; readonly decision: ReadinessDecision }
  | {
      readonly type: "plan";
      readonly plan: DataAcquisitionPlan;
      readonly learnt: number;
      readonly error?: ErrorInfo;
    }
  | {
      readonly type: "questions";
      readonly questions: readonly UserQuestion[];
      readonly answered: number;
      readonly error?: ErrorInfo;
    };

/** What came of it. */
export interface PreparedKnowledge {
  readonly decision: ReadinessDecision;
  /** The requirements as they are now. */
  readonly requirements: readonly KnowledgeRequirement[];
  readonly report: ReadinessReport;
  readonly steps: readonly ReadinessStep[];
}

/** Options of {@link prepareKnowledge}. */
export interface PrepareKnowledgeOptions extends DecideReadinessOptions {
  readonly provider?: KnowledgeProvider;
  readonly now?: () => number;
  readonly signal: AbortSignal;
}

/**
 * Finds out whether a task may begin: assesses, carries out the plans, asks what is still open, and assesses again, once.
 *
 * A plan or a question that fails closes no gap and is in `steps`; it never makes anything ready.
 */
export async function prepareKnowledge(
  requirements: readonly KnowledgeRequirement[],
  options: PrepareKnowledgeOptions,
): Promise<PreparedKnowledge> {
  const { provider = {}, now = Date.now, signal, minimumScore } = options;
  const steps: ReadinessStep[] = [];
  let known = requirements;
  const assess = async (): Promise<ReadinessReport> => {
    const goneEvidence = await gone(known, provider, signal);
    return assessReadiness(known, { now: now(), goneEvidence });
  };
  const decide = (report: ReadinessReport): ReadinessDecision => {
    const decision = decideKnowledgeReadiness(report, minimumScore === undefined ? {} : { minimumScore });
    steps.push({ type: "readiness", decision });
    return decision;
  };

  let report = await assess();
  let decision = decide(report);
  if (report.gaps.length === 0) return { decision, requirements: known, report, steps };
  for (const plan of provider.executePlan === undefined ? [] : plansFor(report)) {
    const { learnt, error } = await attempt(
      async () => (await provider.executePlan?.(plan, signal)) ?? [],
      signal,
    );
    known = withLearnt(
      known,
      learnt.filter(({ requirementId }) => plan.requirementIds.includes(requirementId)),
      now(),
    );
    steps.push({ type: "plan", plan, learnt: learnt.length, ...(error === undefined ? {} : { error }) });
  }
  report = await assess();
  const questions = questionsFor(report);
  if (questions.length > 0 && provider.answerQuestions !== undefined) {
    const { learnt, error } = await attempt(
      async () => (await provider.answerQuestions?.(questions, signal)) ?? [],
      signal,
    );
    const asked = new Set(questions.map(({ requirementId }) => requirementId));
    known = withLearnt(
      known,
      learnt.filter(({ requirementId }) => asked.has(requirementId)),
      now(),
    );
    steps.push({
      type: "questions",
      questions,
      answered: learnt.length,
      ...(error === undefined ? {} : { error }),
    });
    report = await assess();
  }
  decision = decide(report);
  return { decision, requirements: known, report, steps };
}

async function attempt(
  act: () => Promise<readonly Learnt[]>,
  signal: AbortSignal,
): Promise<{ readonly learnt: readonly Learnt[]; readonly error?: ErrorInfo }> {
  try {
    const learnt = await act();
    for (const { requirementId, value = "" } of learnt) assertNoSecrets(requirementId, value);
    return { learnt };
  } catch (error) {
    signal.throwIfAborted();
    return { learnt: [], error: toErrorInfo(error) };
  }
}

async function gone(
  requirements: readonly KnowledgeRequirement[],
  provider: KnowledgeProvider,
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  const ids = [...new Set(requirements.flatMap(({ evidenceIds }) => evidenceIds))];
  if (ids.length === 0 || provider.goneEvidence === undefined) return new Set();
  try {
    return new Set(await provider.goneEvidence(ids, signal));
  } catch (error) {
    signal.throwIfAborted();
    if (!isTauError(error)) throw error;
    // Whoever cannot look at the evidence cannot rely on it.
    return new Set(ids);
  }
}

/** The most that an assertion without evidence counts. */
const unfounded = 0.5;

function withLearnt(
  requirements: readonly KnowledgeRequirement[],
  learnt: readonly Learnt[],
  now: number,
): readonly KnowledgeRequirement[] {
  return requirements.map((requirement) => {
    const found = learnt.findLast(({ requirementId }) => requirementId === requirement.id);
    if (found === undefined) return requirement;
    const most = found.evidenceIds.length === 0 ? unfounded : 1;
    const currentConfidence = Number.isFinite(found.confidence)
      ? Math.max(0, Math.min(most, found.confidence))
      : 0;
    const { validUntil: _over, ...rest } = requirement;
    return {
      ...rest,
      currentConfidence,
      evidenceIds: found.evidenceIds,
      lastVerifiedAt: new Date(now).toISOString(),
      ...(found.value === undefined || requirement.sensitivity === "secret" ? {} : { value: found.value }),
    };
  });
}
