import type { Price, Rates } from "@tau/core";

import type { CapabilityFacts, Known, Modality } from "../../capabilities.ts";

type Modalities = Readonly<Record<Modality, Known>>;

const none: Modalities = { text: "no", image: "no", audio: "no", video: "no", file: "no" };

/** These and no others. */
export function only(...modalities: readonly Modality[]): Modalities {
  return { ...none, ...Object.fromEntries(modalities.map((modality) => [modality, "yes" as const])) };
}

/** A model that talks, and does nothing else. */
export const chat: CapabilityFacts = {
  chat: "yes",
  streaming: "yes",
  embeddings: "no",
  transcription: "no",
  speech: "no",
  output: only("text"),
};

/** A model that turns texts into vectors. */
export const embedding: CapabilityFacts = {
  chat: "no",
  streaming: "no",
  tools: "no",
  reasoning: "no",
  embeddings: "yes",
  transcription: "no",
  speech: "no",
  input: only("text"),
};

/** A model that writes down what is said. */
export const transcription: CapabilityFacts = {
  chat: "no",
  tools: "no",
  reasoning: "no",
  embeddings: "no",
  transcription: "yes",
  speech: "no",
  output: only("text"),
};

/** A model that speaks. */
export const speech: CapabilityFacts = {
  chat: "no",
  tools: "no",
  reasoning: "no",
  embeddings: "no",
  transcription: "no",
  speech: "yes",
  output: only("audio"),
};

/** Limits in tokens: prompt and answer together, and the answer. */
export function tokens(maxContextTokens: number, maxOutputTokens?: number): CapabilityFacts {
  return { maxContextTokens, ...(maxOutputTokens === undefined ? {} : { maxOutputTokens }) };
}

/** Limits of a provider that counts prompt and answer apart. */
export function apart(maxInputTokens: number, maxOutputTokens: number): CapabilityFacts {
  return { maxInputTokens, maxOutputTokens, maxContextTokens: maxInputTokens + maxOutputTokens };
}

/** US dollars per million tokens, as price lists write them. */
export interface Dollars {
  readonly input: number;
  readonly output: number;
  readonly cacheRead?: number;
  readonly cacheWrite?: number;
}

/** A price in dollars per million tokens, and others for prompts above a number of tokens. */
export function usd(dollars: Dollars, long?: Dollars & { readonly above: number }): Price {
  const standard = rates(dollars);
  return long === undefined
    ? standard
    : { ...standard, tiers: [{ ...rates(long), aboveInputTokens: long.above }] };
}

/** Adds services that cost half of everything. */
export function half(price: Price, ...services: readonly ("batch" | "flex")[]): Price {
  const standard = [price, ...(price.tiers ?? [])];
  const tiers = services.flatMap((service) =>
    standard.map((tier) => ({
      ...halved(tier),
      service,
      ...("aboveInputTokens" in tier ? { aboveInputTokens: tier.aboveInputTokens } : {}),
    })),
  );
  return { ...price, tiers: [...(price.tiers ?? []), ...tiers] };
}

/** Adds the price of calls that do not wait. */
export function priority(price: Price, dollars: Dollars): Price {
  return { ...price, tiers: [...(price.tiers ?? []), { ...rates(dollars), service: "priority" }] };
}

function rates({ input, output, cacheRead, cacheWrite }: Dollars): Rates {
  return {
    inputPerMillion: microUsd(input),
    outputPerMillion: microUsd(output),
    ...(cacheRead === undefined ? {} : { cacheReadPerMillion: microUsd(cacheRead) }),
    ...(cacheWrite === undefined ? {} : { cacheWritePerMillion: microUsd(cacheWrite) }),
  };
}

function halved(full: Rates): Rates {
  const { inputPerMillion, outputPerMillion, cacheReadPerMillion, cacheWritePerMillion } = full;
  return {
    inputPerMillion: Math.ceil(inputPerMillion / 2),
    outputPerMillion: Math.ceil(outputPerMillion / 2),
    ...(cacheReadPerMillion === undefined ? {} : { cacheReadPerMillion: Math.ceil(cacheReadPerMillion / 2) }),
    ...(cacheWritePerMillion === undefined
      ? {}
      : { cacheWritePerMillion: Math.ceil(cacheWritePerMillion / 2) }),
  };
}

/** Dollars of a price list have at most four digits behind the point, so this is exact. */
function microUsd(dollars: number): number {
  return Math.round(dollars * 1_000_000);
}
