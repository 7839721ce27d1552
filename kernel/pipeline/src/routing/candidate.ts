import type { Model } from "@tau/agent";
import type { TauError } from "@tau/core";

import type { PipelineCall } from "../pipeline-call.ts";

/** What a model is for. */
export type ModelTier = "reasoning" | "default" | "fast" | "local";

/** A model that routing may choose. */
export interface Candidate {
  readonly model: Model;
  readonly tiers?: readonly ModelTier[];
  /** Candidates of one pool share a quota, such as an account: when it is used up for one, it is for all. Default: one of its own. */
  readonly pool?: string;
}

/** How asking a candidate began. */
export type CandidateNews =
  | { readonly kind: "began"; readonly afterMs: number }
  | { readonly kind: "failed"; readonly error: TauError };

/** Says whom to ask, and whom next when that fails. */
export interface RoutingPolicy {
  /** Stands in the reasons of those that it leaves out. */
  readonly name: string;
  /** The candidates to ask, best first. Must not throw. */
  order(candidates: readonly Candidate[], call: PipelineCall): readonly Candidate[];
  /** Hears how asking went, for policies that learn. */
  learn?(candidate: Candidate, news: CandidateNews): void;
}
