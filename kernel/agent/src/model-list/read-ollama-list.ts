import { isJsonObject } from "@tau/core";
import type { Json, JsonObject } from "@tau/core";

import type { CapabilityFacts } from "../capabilities.ts";
import type { CatalogModel } from "../catalog/catalog-model.ts";
import { objectIn, objectsIn, textIn, textsIn } from "../json-fields.ts";
import { knownIn, tokensIn } from "./fact-fields.ts";
import type { ListClient } from "./list-client.ts";

/** Models that are asked about one by one; the rest keep what the catalog knows. */
const maxShown = 200;
const shownAtOnce = 4;

/** Reads Ollama's `GET /api/tags`, then `POST /api/show` of each model. */
export async function readOllamaList(client: ListClient): Promise<readonly CatalogModel[] | undefined> {
  const answer = await client.get("/api/tags");
  if (!isJsonObject(answer) || !Array.isArray(answer["models"])) return undefined;
  const ids = objectsIn(answer["models"]).flatMap((model) => textIn(model["model"] ?? model["name"]) ?? []);
  const models: CatalogModel[] = [];
  for (let start = 0; start < ids.length; start += shownAtOnce) {
    const some = ids.slice(start, start + shownAtOnce);
    models.push(
      ...(await Promise.all(some.map(async (id) => await showModel(client, id, start < maxShown)))),
    );
  }
  return models;
}

async function showModel(client: ListClient, id: string, ask: boolean): Promise<CatalogModel> {
  const shown = ask ? await client.post("/api/show", { model: id }) : {};
  return { id, facts: isJsonObject(shown) ? factsOf(shown) : {} };
}

function factsOf(shown: JsonObject): CapabilityFacts {
  const can = textsIn(shown["capabilities"]);
  const tools = knownIn(can, "tools");
  const thinks = knownIn(can, "thinking");
  const window = windowOf(shown);
  return {
    chat: knownIn(can, "completion"),
    tools,
    reasoning: thinks,
    ...(thinks === "no" || tools === "no" ? { reasoningWithTools: "no" } : {}),
    embeddings: knownIn(can, "embedding"),
    input: { image: knownIn(can, "vision") },
    ...(window === undefined ? {} : { maxContextTokens: window }),
  };
}

/** What the model file sets; else what the weights can read, which the server may still cut to less. */
function windowOf(shown: JsonObject): number | undefined {
  const set = /^num_ctx\s+(\d+)$/m.exec(textIn(shown["parameters"]) ?? "")?.[1];
  const lengths: readonly (readonly [string, Json])[] = Object.entries(objectIn(shown["model_info"]));
  const length = lengths.find(([name]) => name.endsWith(".context_length"))?.[1];
  return tokensIn(set === undefined ? undefined : Number(set), length);
}
