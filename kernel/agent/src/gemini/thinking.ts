import type { JsonObject } from "@tau/core";

import type { ModelRequest } from "../model.ts";
import type { GeminiSettings } from "./settings.ts";

/** Tokens that Gemini 2.5 may spend on thoughts; all of its models take these. */
const budgets = { low: 1024, medium: 8192, high: 24_576 } as const;

/**
 * How hard to think, in the words of the model's generation; undefined where nothing is asked or the model does not
 * think. Pro models cannot stop thinking: they get the least that they take.
 */
export function toThinkingConfig(
  reasoning: ModelRequest["reasoning"],
  model: string,
  { generation }: Required<GeminiSettings>,
): JsonObject | undefined {
  if (reasoning === undefined || generation === 2) return undefined;
  const isPro = model.includes("pro");
  if (generation === 2.5) {
    // Those that paint or speak do not think yet.
    if (/-(?:image|tts)/.test(model)) return undefined;
    return reasoning === "none"
      ? { thinkingBudget: isPro ? 128 : 0 }
      : { thinkingBudget: budgets[reasoning], includeThoughts: true };
  }
  if (reasoning === "none") return { thinkingLevel: isPro ? "LOW" : "MINIMAL" };
  // The first Pro of the generation knows no level between these two.
  const level = reasoning === "medium" && /gemini-3-pro/.test(model) ? "high" : reasoning;
  return { thinkingLevel: level.toUpperCase(), includeThoughts: true };
}
