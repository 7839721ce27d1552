import { isJsonObject } from "@tau/core";
import type { JsonObject } from "@tau/core";

import type { CapabilityFacts } from "../capabilities.ts";
import type { CatalogModel } from "../catalog/catalog-model.ts";
import { objectsIn, textIn, textsIn } from "../json-fields.ts";
import { knownBy, knownIn, tokensIn } from "./fact-fields.ts";
import type { ListClient } from "./list-client.ts";
import { maxPages } from "./max-pages.ts";

/** Reads Gemini's `GET /models`, page after page. The base URL has the version in it. */
export async function readGeminiList(client: ListClient): Promise<readonly CatalogModel[] | undefined> {
  const models: CatalogModel[] = [];
  let token = "";
  for (let page = 0; page < maxPages; page++) {
    const answer = await client.get(`/models?pageSize=1000${token}`);
    if (!isJsonObject(answer) || !Array.isArray(answer["models"])) return undefined;
    models.push(...objectsIn(answer["models"]).flatMap(toModel));
    const next = textIn(answer["nextPageToken"]);
    if (next === undefined) break;
    token = `&pageToken=${encodeURIComponent(next)}`;
  }
  return models;
}

function toModel(model: JsonObject): readonly CatalogModel[] {
  const [id, name] = [textIn(model["name"])?.replace(/^models\//, ""), textIn(model["displayName"])];
  if (id === undefined) return [];
  const methods = textsIn(model["supportedGenerationMethods"]);
  return [
    {
      id,
      ...(name === undefined ? {} : { name }),
      facts: {
        chat: knownIn(methods, "generateContent"),
        embeddings: knownIn(methods, "embedContent", "batchEmbedContents"),
        // The field is left out where it would be false, and everywhere by older versions of the API.
        reasoning: model["thinking"] === true ? "yes" : knownBy(model["thinking"]),
        ...limitsOf(tokensIn(model["inputTokenLimit"]), tokensIn(model["outputTokenLimit"])),
      },
    },
  ];
}

/** Gemini counts prompt and answer apart. */
function limitsOf(input: number | undefined, output: number | undefined): CapabilityFacts {
  return {
    ...(input === undefined ? {} : { maxInputTokens: input }),
    ...(output === undefined ? {} : { maxOutputTokens: output }),
    ...(input === undefined || output === undefined ? {} : { maxContextTokens: input + output }),
  };
}
