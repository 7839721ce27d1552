import { estimatePromptTokens } from "@tau/agent";
import type { Model } from "@tau/agent";
import { noUsage } from "@tau/core";
import type { ServiceTier, Usage } from "@tau/core";

import type { PipelineCall } from "../pipeline-call.ts";
import { dearestOf, unpricedOf } from "../services-of.ts";
import type { Candidate, ModelTier, RoutingPolicy } from "./candidate.ts";

/** Asks in the order in which the candidates are listed: the first, and the others when it fails. */
export function listedOrder(): RoutingPolicy {
  return { name: "listed", order: (candidates) => candidates };
}

/** Asks only the candidates of a tier, in the order in which they are listed. */
export function tierOrder(tier: ModelTier | ((call: PipelineCall) => ModelTier)): RoutingPolicy {
  return {
    name: typeof tier === "string" ? `tier ${tier}` : "tier",
    order(candidates, call) {
      const wanted = typeof tier === "string" ? tier : tier(call);
      return candidates.filter(({ tiers }) => tiers?.includes(wanted) === true);
    },
  };
}

/** Options of {@link costOrder}. */
export interface CostOrderOptions {
  /** What an answer is taken to have where the request sets no limit. Default 1,000 tokens. */
  readonly expectedOutputTokens?: number;
}

/** Asks the cheapest candidate for this request first; those without a price last. */
export function costOrder({ expectedOutputTokens = 1000 }: CostOrderOptions = {}): RoutingPolicy {
  return {
    name: "cost",
    order(candidates, { request, record }) {
      const usage = {
        ...noUsage,
        inputTokens: estimatePromptTokens(request),
        outputTokens: Math.min(request.maxOutputTokens ?? expectedOutputTokens, expectedOutputTokens),
      };
      const costs = new Map(candidates.map(({ model }) => [model, costIn(model, usage, record.services)]));
      return sortedBy(candidates, ({ model }) => costs.get(model) ?? Infinity);
    },
  };
}

function costIn({ price }: Model, usage: Usage, services: readonly ServiceTier[]): number {
  if (price === undefined || unpricedOf(usage, price, services) !== undefined) return Infinity;
  return dearestOf(usage, price, services);
}

/** Options of {@link latencyOrder}. */
export interface LatencyOrderOptions {
  /** How much the newest answer counts, from 0 to 1. Default 0.2. */
  readonly weight?: number;
  /** A failure counts as an answer that took so long. Default 30,000 ms. */
  readonly failureMs?: number;
  /** Share of calls that ask another candidate first, so that one that has become faster is noticed. Default 0.05. */
  readonly exploration?: number;
  /** From 0 to below 1. */
  readonly random?: () => number;
}

/**
 * Asks the candidate first that lately took the least time until its first words; those that were never asked
 * come before all others.
 */
export function latencyOrder(options: LatencyOrderOptions = {}): RoutingPolicy {
  const { weight = 0.2, failureMs = 30_000, exploration = 0.05, random = Math.random } = options;
  const averages = new Map<Model, number>();

  return {
    name: "latency",
    order(candidates) {
      const sorted = sortedBy(candidates, ({ model }) => averages.get(model) ?? -1);
      const index = random() < exploration ? 1 + Math.floor(random() * (sorted.length - 1)) : 0;
      const explored = sorted[index];
      return index === 0 || explored === undefined
        ? sorted
        : [explored, ...sorted.filter((candidate) => candidate !== explored)];
    },
    learn({ model }, news) {
      const ms = news.kind === "began" ? news.afterMs : failureMs;
      const average = averages.get(model);
      averages.set(model, average === undefined ? ms : average + weight * (ms - average));
    },
  };
}

/** Sorts by a number, those with equal ones as they were. */
function sortedBy(
  candidates: readonly Candidate[],
  numberOf: (candidate: Candidate) => number,
): readonly Candidate[] {
  const numbers = new Map(candidates.map((candidate) => [candidate, numberOf(candidate)]));
  return candidates.toSorted((a, b) => compare(numbers.get(a) ?? 0, numbers.get(b) ?? 0));
}

/** Infinity minus itself is no number. */
function compare(a: number, b: number): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
