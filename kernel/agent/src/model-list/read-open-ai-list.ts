import { isJsonObject } from "@tau/core";
import type { Json, JsonObject } from "@tau/core";

import type { CapabilityFacts, Modality } from "../capabilities.ts";
import type { CatalogModel } from "../catalog/catalog-model.ts";
import { objectIn, objectsIn, textIn, textsIn } from "../json-fields.ts";
import { knownBy, knownIn, tokensIn } from "./fact-fields.ts";
import type { ListClient } from "./list-client.ts";
import { perMillionOf } from "./per-token-price.ts";

/**
 * Reads `GET /models` of an OpenAI-compatible server. OpenAI itself tells only names; the fields with which
 * OpenRouter, Groq, Mistral, Together, vLLM and llama.cpp say more are read where they are.
 */
export async function readOpenAiList(client: ListClient): Promise<readonly CatalogModel[] | undefined> {
  const answer = await client.get("/models");
  // Together answers with the list itself.
  const data = isJsonObject(answer) ? answer["data"] : answer;
  return Array.isArray(data) ? objectsIn(data).flatMap(toModel) : undefined;
}

function toModel(model: JsonObject): readonly CatalogModel[] {
  const id = textIn(model["id"]);
  if (id === undefined) return [];
  const aliases = textsIn(model["aliases"]);
  const name = textIn(model["name"]);
  return [
    {
      id,
      ...(aliases === undefined || aliases.length === 0 ? {} : { aliases }),
      ...(name === undefined || name === id ? {} : { name }),
      facts: { ...limitsOf(model), ...mistralFacts(model), ...openRouterFacts(model), ...kindOf(model) },
    },
  ];
}

function limitsOf(model: JsonObject): CapabilityFacts {
  const top = objectIn(model["top_provider"]);
  const llama = objectIn(model["meta"]);
  const context = tokensIn(
    top["context_length"],
    model["context_length"],
    model["context_window"],
    model["max_model_len"],
    model["max_context_length"],
    llama["n_ctx"],
    llama["n_ctx_train"],
  );
  const output = tokensIn(top["max_completion_tokens"], model["max_completion_tokens"]);
  return {
    ...(context === undefined ? {} : { maxContextTokens: context }),
    ...(output === undefined ? {} : { maxOutputTokens: output }),
  };
}

function mistralFacts(model: JsonObject): CapabilityFacts {
  const can = model["capabilities"];
  if (!isJsonObject(can)) return {};
  return {
    chat: knownBy(can["completion_chat"]),
    tools: knownBy(can["function_calling"]),
    input: { image: knownBy(can["vision"]) },
  };
}

/** Together and others say what a model is for. */
function kindOf({ type }: JsonObject): CapabilityFacts {
  if (type === "embedding") return { chat: "no", embeddings: "yes" };
  return type === "chat" ? { chat: "yes" } : {};
}

function openRouterFacts(model: JsonObject): CapabilityFacts {
  const architecture = model["architecture"];
  if (!isJsonObject(architecture)) return {};
  const takes = textsIn(model["supported_parameters"]);
  const [input, output] = [
    textsIn(architecture["input_modalities"]),
    textsIn(architecture["output_modalities"]),
  ];
  const reasoning = knownIn(takes, "reasoning", "include_reasoning");
  return {
    chat: knownIn(output, "text"),
    tools: knownIn(takes, "tools"),
    forcedTools: knownIn(takes, "tool_choice"),
    sampling: knownIn(takes, "temperature"),
    reasoning,
    ...(reasoning === "no" ? { reasoningWithTools: "no" as const } : {}),
    ...schemaFacts(takes),
    input: modalitiesOf(input),
    output: modalitiesOf(output),
    ...priceFacts(objectIn(model["pricing"])),
  };
}

function schemaFacts(takes: readonly string[] | undefined): CapabilityFacts {
  if (takes === undefined) return {};
  if (takes.includes("structured_outputs")) return { structuredOutput: "strict_schema" };
  if (takes.includes("response_format")) return { structuredOutput: "json_mode" };
  return { structuredOutput: takes.includes("tool_choice") ? "forced_tool" : "none" };
}

const modalities: readonly Modality[] = ["text", "image", "audio", "video", "file"];

function modalitiesOf(listed: readonly string[] | undefined): NonNullable<CapabilityFacts["input"]> {
  return Object.fromEntries(modalities.map((modality) => [modality, knownIn(listed, modality)]));
}

function priceFacts(pricing: Readonly<Record<string, Json>>): CapabilityFacts {
  const inputPerMillion = perMillionOf(pricing["prompt"]);
  const outputPerMillion = perMillionOf(pricing["completion"]);
  if (inputPerMillion === undefined || outputPerMillion === undefined) return {};
  const cacheReadPerMillion = perMillionOf(pricing["input_cache_read"]);
  const cacheWritePerMillion = perMillionOf(pricing["input_cache_write"]);
  return {
    price: {
      inputPerMillion,
      outputPerMillion,
      ...(cacheReadPerMillion === undefined ? {} : { cacheReadPerMillion }),
      ...(cacheWritePerMillion === undefined ? {} : { cacheWritePerMillion }),
    },
  };
}
