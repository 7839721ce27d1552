import { TauError } from "@tau/core";

import { cleanModelId } from "../catalog/model-id.ts";

/** Somebody who may have named a model, for example a flag, a session or the configuration. */
export interface ModelCandidate {
  readonly source: string;
  readonly model: string | null | undefined;
}

/** A model's id, and who named it. */
export interface ChosenModel {
  readonly model: string;
  readonly source: string;
}

/** Takes the first candidate that is not blank; else the fallback, whose source is `fallback`. */
export function resolveChatModel(candidates: readonly ModelCandidate[], fallback: string): ChosenModel {
  for (const { source, model } of candidates) {
    const named = model?.trim() ?? "";
    if (named !== "") return { model: named, source };
  }
  return { model: fallback, source: "fallback" };
}

/** What a model is for, in words that outlive models. */
export type ModelTier = "reasoning" | "default" | "fast" | "local";

/** The configured ids. */
export type ModelTiers = Readonly<Partial<Record<ModelTier, string>>>;

/**
 * Takes the model that is configured for a tier. `reasoning` and `fast` fall back to `default`; `local` never
 * does, because what must stay on this machine must not go to somebody else's.
 *
 * @throws TauError `choice.no_tier`
 */
export function resolveTier(tier: ModelTier, tiers: ModelTiers): ChosenModel {
  const sources: readonly ModelTier[] = tier === "local" || tier === "default" ? [tier] : [tier, "default"];
  for (const source of sources) {
    const named = tiers[source]?.trim() ?? "";
    if (named === "") continue;
    const model = cleanModelId(named);
    if (model !== undefined) return { model, source: `tier ${source}` };
    throw new TauError(
      "choice.no_tier",
      `The tier "${source}" names no model that could exist: check its id.`,
    );
  }
  throw new TauError("choice.no_tier", `No model is configured for the tier "${tier}". Name one.`);
}
