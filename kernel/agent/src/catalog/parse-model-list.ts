import { isJsonObject, parseJson } from "@tau/core";
import type { Json, JsonObject, Price, PriceTier, Rates, ServiceTier } from "@tau/core";

import type { CapabilityFacts, Known, Modality, PromptCache, StructuredOutput } from "../capabilities.ts";
import type { CatalogModel, ModelList } from "./catalog-model.ts";
import { cleanModelId } from "./model-id.ts";

const knownWords: readonly Known[] = ["yes", "no", "unknown"];
const structuredWords: readonly StructuredOutput[] = [
  "none",
  "json_mode",
  "strict_schema",
  "forced_tool",
  "unknown",
];
const cacheWords: readonly PromptCache[] = [
  "none",
  "implicit_prefix",
  "explicit_marker",
  "explicit_object",
  "unknown",
];
const services: readonly ServiceTier[] = ["standard", "batch", "flex", "priority"];
const modalities: readonly Modality[] = ["text", "image", "audio", "video", "file"];
const abilities = [
  "chat",
  "streaming",
  "tools",
  "parallelTools",
  "forcedTools",
  "toolsWithSchema",
  "reasoning",
  "reasoningWithTools",
  "sampling",
  "embeddings",
  "transcription",
  "speech",
] as const;
const limits = ["maxContextTokens", "maxInputTokens", "maxOutputTokens"] as const;

/**
 * Reads a list that was kept as JSON. Undefined when the text is not one; an entry that is not a model, and a fact
 * that is not one of the words or numbers it may be, are left out.
 */
export function parseModelList(text: string): ModelList | undefined {
  const parsed = parseJson(text);
  if (!parsed.ok || !isJsonObject(parsed.value)) return undefined;
  const { provider, source, models } = parsed.value;
  if (typeof provider !== "string" || typeof source !== "string" || !Array.isArray(models)) return undefined;
  return { provider, source, models: models.flatMap(toModel) };
}

function toModel(value: Json): readonly CatalogModel[] {
  if (!isJsonObject(value)) return [];
  const id = cleanModelId(value["id"]);
  if (id === undefined) return [];
  const aliases = Array.isArray(value["aliases"])
    ? value["aliases"].flatMap((one) => cleanModelId(one) ?? [])
    : [];
  const name = value["name"];
  const facts = isJsonObject(value["facts"]) ? toFacts(value["facts"]) : {};
  return [
    {
      id,
      ...(aliases.length === 0 ? {} : { aliases }),
      ...(typeof name === "string" ? { name } : {}),
      facts,
    },
  ];
}

function toFacts(value: JsonObject): CapabilityFacts {
  const structuredOutput = wordIn(value["structuredOutput"], structuredWords);
  const promptCache = wordIn(value["promptCache"], cacheWords);
  const price = toPrice(value["price"]);
  return {
    ...wordsOf(value, abilities),
    ...countsOf(value, limits),
    ...(structuredOutput === undefined ? {} : { structuredOutput }),
    ...(promptCache === undefined ? {} : { promptCache }),
    ...(isJsonObject(value["input"]) ? { input: wordsOf(value["input"], modalities) } : {}),
    ...(isJsonObject(value["output"]) ? { output: wordsOf(value["output"], modalities) } : {}),
    ...(price === undefined ? {} : { price }),
  };
}

function wordsOf<Name extends string>(
  value: JsonObject,
  names: readonly Name[],
): Partial<Record<Name, Known>> {
  const found: Partial<Record<Name, Known>> = {};
  for (const name of names) {
    const word = wordIn(value[name], knownWords);
    if (word !== undefined) found[name] = word;
  }
  return found;
}

function countsOf<Name extends string>(
  value: JsonObject,
  names: readonly Name[],
): Partial<Record<Name, number>> {
  const found: Partial<Record<Name, number>> = {};
  for (const name of names) {
    const count = countIn(value[name]);
    if (count !== undefined) found[name] = count;
  }
  return found;
}

function wordIn<Word extends string>(value: Json | undefined, words: readonly Word[]): Word | undefined {
  return words.find((word) => word === value);
}

function countIn(value: Json | undefined): number | undefined {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}

function toPrice(value: Json | undefined): Price | undefined {
  const rates = toRates(value);
  if (rates === undefined || !isJsonObject(value)) return undefined;
  const tiers = Array.isArray(value["tiers"]) ? value["tiers"].flatMap(toTier) : [];
  return { ...rates, ...(tiers.length === 0 ? {} : { tiers }) };
}

function toTier(value: Json): readonly PriceTier[] {
  const rates = toRates(value);
  if (rates === undefined || !isJsonObject(value)) return [];
  const service = wordIn(value["service"], services);
  return [
    {
      ...rates,
      ...(service === undefined ? {} : { service }),
      ...countsOf(value, ["aboveInputTokens"]),
    },
  ];
}

function toRates(value: Json | undefined): Rates | undefined {
  if (!isJsonObject(value)) return undefined;
  const { inputPerMillion, outputPerMillion } = countsOf(value, ["inputPerMillion", "outputPerMillion"]);
  if (inputPerMillion === undefined || outputPerMillion === undefined) return undefined;
  return {
    inputPerMillion,
    outputPerMillion,
    ...countsOf(value, ["cacheReadPerMillion", "cacheWritePerMillion"]),
  };
}
