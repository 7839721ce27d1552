import { TauError } from "@tau/core";
import type { JsonObject } from "@tau/core";

import { questionsFor } from "./acquisition.ts";
import type { ReadinessDecision } from "./decide-readiness.ts";
import { prepareKnowledge } from "./prepare-knowledge.ts";
import type { KnowledgeProvider, PreparedKnowledge } from "./prepare-knowledge.ts";
import type { KnowledgeRequirement } from "./requirement.ts";

/** What a gate says of a run; `beforeRun` of a hook of `@tau/runtime` says the same. */
export type GateDecision =
  | {
      readonly decision: "allow";
      readonly note?: string;
      readonly reason: string;
      readonly details: JsonObject;
    }
  | { readonly decision: "deny"; readonly reason: string; readonly details: JsonObject };

/** A hook of `@tau/runtime` that lets runs begin when enough is known. */
export interface ReadinessGate {
  readonly name: string;
  readonly timeoutMs: number;
  beforeRun(input: object, signal: AbortSignal): Promise<GateDecision>;
}

/** Options of {@link createReadinessGate}. */
export interface ReadinessGateOptions {
  readonly requirements: readonly KnowledgeRequirement[];
  readonly provider?: KnowledgeProvider;
  readonly minimumScore?: number;
  readonly now?: () => number;
  /** How long the provider may take, in milliseconds. Default 10,000. */
  readonly timeoutMs?: number;
}

/**
 * Makes the gate that lets a run begin when enough is known for it. The model is told what is known and what is not; the
 * decision is an event of the run. A provider that fails, or takes too long, opens nothing.
 */
export function createReadinessGate(options: ReadinessGateOptions): ReadinessGate {
  const { requirements, timeoutMs = 10_000, ...rest } = options;
  return {
    name: "knowledge-readiness",
    timeoutMs,
    async beforeRun(_input, signal) {
      const prepared = await prepareKnowledge(requirements, { ...rest, signal });
      const { decision } = prepared;
      const details = gateDetails(prepared);
      if (!decision.passed) return { decision: "deny", reason: blockedReason(prepared), details };
      const note = knowledgeNote(prepared);
      return {
        decision: "allow",
        reason: decision.reason,
        details,
        ...(note === "" ? {} : { note }),
      };
    },
  };
}

/** Throws when a task may not begin. @throws TauError `readiness.blocked` */
export function assertReady(prepared: PreparedKnowledge): void {
  if (prepared.decision.passed) return;
  throw new TauError("readiness.blocked", blockedReason(prepared), { details: gateDetails(prepared) });
}

function blockedReason({ decision, report }: PreparedKnowledge): string {
  const open = questionsFor(report).filter(({ isBlocking }) => isBlocking);
  const asked =
    open.length === 0 ? "" : ` To be answered first: ${open.map(({ question }) => question).join(" ")}`;
  return `${decision.reason}${asked}`;
}

/** What the model should know before it begins: what is known, and what it must not take for known. */
export function knowledgeNote({ requirements, report, decision }: PreparedKnowledge): string {
  const missing = new Map(report.gaps.map(({ requirement, reason }) => [requirement.id, reason]));
  const lines = requirements.flatMap(({ id, description, value, fallbackPolicy }) => {
    const reason = missing.get(id);
    if (reason === undefined) return value === undefined ? [] : [`- ${description}: ${value}`];
    if (fallbackPolicy === "use_default" && value !== undefined)
      return [`- ${description}: not known (${reason}); take ${value}, and say that you did.`];
    const perhaps = value === undefined || reason !== "unsure" ? "not known" : `perhaps ${value}, not sure`;
    return [`- ${description}: ${perhaps} (${reason}). Do not guess: say so where it matters.`];
  });
  if (lines.length === 0) return "";
  return [`Knowledge for this task (${decision.status}):`, ...lines].join("\n");
}

function gateDetails({ decision, steps }: PreparedKnowledge): JsonObject {
  return {
    ...shown(decision),
    steps: steps.map((step): JsonObject => {
      if (step.type === "readiness") return { type: step.type, ...shown(step.decision) };
      const error = step.error === undefined ? {} : { error: step.error.code };
      if (step.type === "plan") return { type: step.type, plan: step.plan.id, learnt: step.learnt, ...error };
      const ids = step.questions.map(({ id }) => id);
      return { type: step.type, questions: ids, answered: step.answered, ...error };
    }),
  };
}

function shown(decision: ReadinessDecision): JsonObject {
  const { status, readinessScore, recommendedAction, severity, blockingGapIds, nonBlockingGapIds } = decision;
  return { status, readinessScore, recommendedAction, severity, blockingGapIds, nonBlockingGapIds };
}
