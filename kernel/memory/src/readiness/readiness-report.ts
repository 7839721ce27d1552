import type { Freshness, Importance, KnowledgeRequirement } from "./requirement.ts";

/** Why a requirement is not met. */
export type GapReason = "unknown" | "unsure" | "expired" | "stale" | "evidence_gone";

/** A requirement that is not met. */
export interface KnowledgeGap {
  readonly requirement: KnowledgeRequirement;
  readonly reason: GapReason;
  /** Whether nothing may begin without it. */
  readonly isBlocking: boolean;
}

/** How much of what must be known is known. */
export interface ReadinessReport {
  readonly requirements: readonly KnowledgeRequirement[];
  readonly gaps: readonly KnowledgeGap[];
  /** From 0 to 1, weighted by importance; 1 where nothing must be known. */
  readonly score: number;
}

const weights: Readonly<Record<Importance, number>> = { blocking: 8, high: 4, medium: 2, low: 1 };

const dayMs = 86_400_000;
const longestMs: Readonly<Record<Freshness, number>> = {
  static: Number.POSITIVE_INFINITY,
  monthly: 31 * dayMs,
  weekly: 7 * dayMs,
  daily: dayMs,
  realtime: 60_000,
};

/** Options of {@link assessReadiness}. */
export interface AssessOptions {
  readonly now: number;
  /** Evidence that does not hold any more: retracted or replaced notes, deleted files. */
  readonly goneEvidence?: ReadonlySet<string>;
}

/**
 * Tells what is known of what must be known.
 *
 * - R1. What expired, what is older than its freshness allows, and what stands on evidence that is gone counts nothing,
 *   however sure somebody was. A time that cannot be read is over.
 * - R2. A gap is blocking when its importance or its fallback says so, or when it is about a secret.
 * - R3. The score lies between 0 and 1, whatever the requirements say; learning more never lowers it.
 */
export function assessReadiness(
  requirements: readonly KnowledgeRequirement[],
  options: AssessOptions,
): ReadinessReport {
  let [sum, all] = [0, 0];
  const gaps: KnowledgeGap[] = [];
  for (const requirement of requirements) {
    const weight = weights[requirement.importance];
    const { reason, share } = judged(requirement, options);
    all += weight;
    sum += weight * share;
    if (reason !== undefined) gaps.push({ requirement, reason, isBlocking: isBlocking(requirement) });
  }
  return { requirements, gaps, score: all === 0 ? 1 : Math.min(1, sum / all) };
}

function judged(
  requirement: KnowledgeRequirement,
  { now, goneEvidence = new Set() }: AssessOptions,
): { readonly reason?: GapReason; readonly share: number } {
  const { confidenceNeeded, currentConfidence, evidenceIds, validUntil } = requirement;
  if (validUntil !== undefined && !(Date.parse(validUntil) > now)) return { reason: "expired", share: 0 };
  // What needs no confidence is met, also by none: dividing by it would make the score no number.
  const needed = fraction(confidenceNeeded);
  const current = fraction(currentConfidence);
  if (needed === 0) return { share: 1 };
  if (current === 0) return { reason: "unknown", share: 0 };
  if (isStale(requirement, now)) return { reason: "stale", share: 0 };
  if (evidenceIds.length > 0 && evidenceIds.every((id) => goneEvidence.has(id)))
    return { reason: "evidence_gone", share: 0 };
  if (current >= needed) return { share: 1 };
  return { reason: "unsure", share: current / needed };
}

function isStale({ freshness, lastVerifiedAt }: KnowledgeRequirement, now: number): boolean {
  const longest = longestMs[freshness];
  if (longest === Number.POSITIVE_INFINITY) return false;
  // Never verified, or in a way that cannot be read, or later than now: nobody knows how old it is.
  const age = lastVerifiedAt === undefined ? Number.NaN : now - Date.parse(lastVerifiedAt);
  return !(age >= 0 && age <= longest);
}

function isBlocking({ importance, fallbackPolicy, sensitivity }: KnowledgeRequirement): boolean {
  return importance === "blocking" || fallbackPolicy === "block" || sensitivity === "secret";
}

/** A number from 0 to 1, whatever it was. */
function fraction(value: number): number {
  return Number.isFinite(value) ? Math.min(1, Math.max(0, value)) : 0;
}
