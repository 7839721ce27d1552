/** What kind of knowledge it is. */
export const knowledgeCategories = [
  "user_specific",
  "company_specific",
  "domain_specific",
  "codebase_specific",
  "market_specific",
  "regulatory",
  "tool_api",
  "credential_or_secret",
  "runtime_environment",
  "preference",
  "historical_context",
] as const;

/** How it can be had. */
export const acquisitionModes = [
  "ask_user",
  "search_web",
  "query_connector",
  "inspect_repo",
  "run_command",
  "infer_low_confidence",
  "not_available",
] as const;

/** How much depends on it. */
export const importances = ["blocking", "high", "medium", "low"] as const;

/** How soon it is old: what was verified longer ago does not count. */
export const freshnesses = ["static", "monthly", "weekly", "daily", "realtime"] as const;

export const sensitivities = ["public", "private", "secret"] as const;

/** What becomes of the task without it. */
export const fallbackPolicies = ["block", "ask", "continue_with_caveat", "use_default"] as const;

export type KnowledgeCategory = (typeof knowledgeCategories)[number];
export type AcquisitionMode = (typeof acquisitionModes)[number];
export type Importance = (typeof importances)[number];
export type Freshness = (typeof freshnesses)[number];
export type Sensitivity = (typeof sensitivities)[number];
export type FallbackPolicy = (typeof fallbackPolicies)[number];

/** Something that must be known before a task begins. */
export interface KnowledgeRequirement {
  readonly id: string;
  /** What must be known, for whoever is asked. */
  readonly description: string;
  /** What needs it: steps, tools, actions. */
  readonly requiredFor: readonly string[];
  readonly category: KnowledgeCategory;
  readonly acquisitionMode: AcquisitionMode;
  readonly importance: Importance;
  readonly freshness: Freshness;
  readonly sensitivity: Sensitivity;
  /** How sure one must be, from 0 to 1. */
  readonly confidenceNeeded: number;
  /** How sure one is. */
  readonly currentConfidence: number;
  /** What that stands on: events, files, notes (`memory:<id>`). */
  readonly evidenceIds: readonly string[];
  readonly fallbackPolicy: FallbackPolicy;
  /** What is known, or what is taken for it where nothing is; never a secret itself. */
  readonly value?: string;
  /** ISO 8601. */
  readonly validUntil?: string;
  readonly lastVerifiedAt?: string;
}
