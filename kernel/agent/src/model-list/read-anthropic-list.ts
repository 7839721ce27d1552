import { isJsonObject } from "@tau/core";
import type { JsonObject } from "@tau/core";

import type { CapabilityFacts } from "../capabilities.ts";
import type { CatalogModel } from "../catalog/catalog-model.ts";
import { objectIn, objectsIn, textIn } from "../json-fields.ts";
import { knownBy, tokensIn } from "./fact-fields.ts";
import type { ListClient } from "./list-client.ts";
import { maxPages } from "./max-pages.ts";

/** Reads Anthropic's `GET /v1/models`, page after page. */
export async function readAnthropicList(client: ListClient): Promise<readonly CatalogModel[] | undefined> {
  const models: CatalogModel[] = [];
  let after = "";
  for (let page = 0; page < maxPages; page++) {
    const answer = await client.get(`/v1/models?limit=1000${after}`);
    if (!isJsonObject(answer) || !Array.isArray(answer["data"])) return undefined;
    models.push(...objectsIn(answer["data"]).flatMap(toModel));
    const last = textIn(answer["last_id"]);
    if (answer["has_more"] !== true || last === undefined) break;
    after = `&after_id=${encodeURIComponent(last)}`;
  }
  return models;
}

function toModel(model: JsonObject): readonly CatalogModel[] {
  const [id, name] = [textIn(model["id"]), textIn(model["display_name"])];
  if (id === undefined) return [];
  const facts = { chat: "yes", ...limitsOf(model), ...abilitiesOf(model["capabilities"]) } as const;
  return [{ id, ...(name === undefined ? {} : { name }), facts }];
}

function limitsOf(model: JsonObject): CapabilityFacts {
  const [context, output] = [tokensIn(model["max_input_tokens"]), tokensIn(model["max_tokens"])];
  return {
    ...(context === undefined ? {} : { maxContextTokens: context }),
    ...(output === undefined ? {} : { maxOutputTokens: output }),
  };
}

/** Null where Anthropic does not say. */
function abilitiesOf(capabilities: JsonObject[string] | undefined): CapabilityFacts {
  if (!isJsonObject(capabilities)) return {};
  const supported = (name: string) => knownBy(objectIn(capabilities[name])["supported"]);
  const strict = supported("structured_outputs");
  return {
    reasoning: supported("thinking"),
    ...(strict === "yes" ? { structuredOutput: "strict_schema" as const } : {}),
    ...(strict === "no" ? { structuredOutput: "forced_tool" as const } : {}),
    input: { image: supported("image_input"), file: supported("pdf_input") },
  };
}
