import type { KnowledgeGap, ReadinessReport } from "./readiness-report.ts";
import type { AcquisitionMode } from "./requirement.ts";

/** What should happen next. */
export type RecommendedAction =
  | "run_agent"
  | "ask_user"
  | "query_connectors"
  | "inspect_repo"
  | "collect_web_data"
  | "abort_or_rescope"
  | "build_domain_wiki"
  | "continue_with_caveat";

/** Whether a task may begin. */
export interface ReadinessDecision {
  /** True for `ready` and `caveat`. */
  readonly passed: boolean;
  readonly status: "ready" | "blocked" | "caveat";
  /** A sentence for people and for the model. */
  readonly reason: string;
  readonly readinessScore: number;
  readonly recommendedAction: RecommendedAction;
  readonly severity: "critical" | "warning" | "info";
  readonly blockingGapIds: readonly string[];
  readonly nonBlockingGapIds: readonly string[];
}

/** Options of {@link decideKnowledgeReadiness}. */
export interface DecideReadinessOptions {
  /** A lower score passes only with a caveat. Default 0.7. */
  readonly minimumScore?: number;
}

/**
 * Decides whether a task may begin: a blocking gap blocks; a low score, or a gap whose fallback says so, is a caveat; else
 * it is ready.
 */
export function decideKnowledgeReadiness(
  report: ReadinessReport,
  { minimumScore = 0.7 }: DecideReadinessOptions = {},
): ReadinessDecision {
  const { gaps, score } = report;
  const blocking = gaps.filter((gap) => gap.isBlocking);
  const others = gaps.filter((gap) => !gap.isBlocking);
  const base = {
    readinessScore: score,
    recommendedAction: recommended(report),
    blockingGapIds: blocking.map(idOf),
    nonBlockingGapIds: others.map(idOf),
  };
  if (blocking.length > 0)
    return {
      ...base,
      passed: false,
      status: "blocked",
      severity: "critical",
      reason: `It is not known what must be known first: ${described(blocking)}.`,
    };
  // A score that is no number decides nothing, so it is no pass.
  const isLow = !(score >= minimumScore);
  const hasCaveat = others.some(({ requirement }) => requirement.fallbackPolicy === "continue_with_caveat");
  if (isLow || hasCaveat)
    return {
      ...base,
      passed: true,
      status: "caveat",
      severity: "warning",
      reason: isLow
        ? `Only ${percent(score)} of what should be known is known (${percent(minimumScore)} is wanted): ${described(others)}.`
        : `It goes on although it is not known: ${described(others)}.`,
    };
  return {
    ...base,
    passed: true,
    status: "ready",
    severity: "info",
    reason:
      others.length === 0
        ? "All that must be known is known."
        : `Enough is known; missing is: ${described(others)}.`,
  };
}

/** By which gap something is to be done first: the blocking ones, then the others. */
function recommended({ gaps }: ReadinessReport): RecommendedAction {
  const first = gaps.filter((gap) => gap.isBlocking);
  const considered = first.length > 0 ? first : gaps;
  if (considered.length === 0) return "run_agent";
  const modes = new Set(considered.map(({ requirement }) => requirement.acquisitionMode));
  const asks = considered.some(
    ({ requirement }) => requirement.fallbackPolicy === "ask" || requirement.sensitivity === "secret",
  );
  if (modes.has("ask_user") || asks) return "ask_user";
  const found = order.find(([mode]) => modes.has(mode));
  if (found !== undefined && (found[0] !== "not_available" || first.length > 0)) return found[1];
  return modes.has("infer_low_confidence") && first.length > 0 ? "build_domain_wiki" : "continue_with_caveat";
}

const order: readonly (readonly [AcquisitionMode, RecommendedAction])[] = [
  ["query_connector", "query_connectors"],
  ["inspect_repo", "inspect_repo"],
  ["run_command", "inspect_repo"],
  ["search_web", "collect_web_data"],
  ["not_available", "abort_or_rescope"],
];

function idOf({ requirement }: KnowledgeGap): string {
  return requirement.id;
}

const reasons: Readonly<Record<KnowledgeGap["reason"], string>> = {
  unknown: "not known",
  unsure: "not sure enough",
  expired: "expired",
  stale: "too old",
  evidence_gone: "what it stood on is gone",
};

function described(gaps: readonly KnowledgeGap[]): string {
  const shown = gaps.slice(0, 5).map(({ requirement, reason }) => `${requirement.id} (${reasons[reason]})`);
  const rest = gaps.length > shown.length ? ` and ${gaps.length - shown.length} more` : "";
  return `${shown.join(", ")}${rest}`;
}

function percent(share: number): string {
  return `${Math.floor(share * 100)} %`;
}
