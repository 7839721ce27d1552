import { readFileSync } from "node:fs";

import { isJsonObject, parseJson } from "@tau/core";
import type { Json, Rates } from "@tau/core";
import { beforeAll, describe, expect, test } from "vitest";

import type { Known, ModelCapabilities } from "../capabilities.ts";
import { createCatalog } from "./catalog.ts";
import type { CatalogEntry } from "./catalog.ts";
import type { ModelList } from "./catalog-model.ts";
import { cleanModelId, idKey } from "./model-id.ts";
import { loadShipped, shippedProviders } from "./shipped-lists.ts";

const catalog = createCatalog();
let lists: readonly ModelList[] = [];
let entries: readonly CatalogEntry[] = [];

beforeAll(async () => {
  const loaded = await Promise.all(shippedProviders.map(loadShipped));
  lists = loaded.filter((list) => list !== undefined);
  entries = await catalog.list();
});

/** What does not fit together in an entry's capabilities. */
function contradictions({ capabilities: can }: CatalogEntry): readonly string[] {
  const rules: readonly (readonly [boolean, string])[] = [
    [
      can.reasoningWithTools === "yes" && (can.tools !== "yes" || can.reasoning !== "yes"),
      "thinks with tools",
    ],
    [can.parallelTools === "yes" && can.tools !== "yes", "parallel without tools"],
    [can.forcedTools === "yes" && can.tools !== "yes", "forced without tools"],
    [can.toolsWithSchema === "yes" && can.tools !== "yes", "schema and no tools"],
    [can.toolsWithSchema === "yes" && can.structuredOutput === "unknown", "tools with what schema"],
    [can.chat === "no" && can.tools === "yes", "tools without a conversation"],
    [can.chat === "yes" && can.output.text !== "yes", "talks without text"],
    [can.embeddings === "yes" && can.chat === "yes", "embeds and talks"],
    [(can.maxOutputTokens ?? 0) > (can.maxContextTokens ?? Infinity), "writes more than it can hold"],
    [(can.maxInputTokens ?? 0) > (can.maxContextTokens ?? Infinity), "reads more than it can hold"],
  ];
  return rules.flatMap(([wrong, rule]) => (wrong ? [rule] : []));
}

function ratesIn({ price }: ModelCapabilities): readonly Rates[] {
  return price === undefined ? [] : [price, ...(price.tiers ?? [])];
}

describe("the shipped lists", () => {
  test("name each provider and where the facts come from", () => {
    expect(lists.map(({ provider }) => provider)).toEqual(shippedProviders);
    for (const { source } of lists) expect(source).toMatch(/ 2026$/);
  });

  test("have no id twice, and none that cleanModelId() refuses", () => {
    for (const { provider, models } of lists) {
      const ids = models.flatMap(({ id, aliases = [] }) => [id, ...aliases]);
      for (const id of ids) expect(cleanModelId(id)).toBe(id);
      const keys = ids.map(idKey);
      const twice = keys.filter((key, index) => keys.indexOf(key) !== index);
      expect({ provider, twice }).toEqual({ provider, twice: [] });
    }
  });

  test("do not contradict themselves", () => {
    const wrong = entries.map((entry) => [entry.provider, entry.id, ...contradictions(entry)]);

    expect(wrong.filter(([, , ...rules]) => rules.length > 0)).toEqual([]);
  });

  test("price in whole micro-USD, a cached token never above a fresh one", () => {
    for (const { id, capabilities } of entries) {
      for (const rates of ratesIn(capabilities)) {
        const {
          inputPerMillion,
          outputPerMillion,
          cacheReadPerMillion = 0,
          cacheWritePerMillion = 0,
        } = rates;
        const all = [inputPerMillion, outputPerMillion, cacheReadPerMillion, cacheWritePerMillion];
        expect({ id, whole: all.every((rate) => Number.isSafeInteger(rate) && rate >= 0) }).toEqual({
          id,
          whole: true,
        });
        expect({ id, cheaper: cacheReadPerMillion <= inputPerMillion }).toEqual({ id, cheaper: true });
      }
    }
  });

  test("have a source for every fact and no fact without one", () => {
    for (const { id, capabilities, sources } of entries) {
      const { input, output, ...own } = capabilities;
      const paths = [...factsIn(own, ""), ...factsIn(input, "input."), ...factsIn(output, "output.")];
      expect({ id, paths: Object.keys(sources).toSorted() }).toEqual({ id, paths: paths.toSorted() });
    }
  });
});

function factsIn(facts: object, prefix: string): readonly string[] {
  return Object.entries(facts).flatMap(([name, value]) => (value === "unknown" ? [] : [prefix + name]));
}

describe("the families that the concept names", () => {
  test.each([
    ...["0.6b", "1.7b", "4b", "8b", "14b", "30b", "32b", "235b"].map((size) => ["ollama", `qwen3:${size}`]),
    ["ollama", "gpt-oss:20b"],
    ["ollama", "gpt-oss:120b"],
    ["ollama", "kimi-k2-thinking"],
    ["ollama", "deepseek-v3.1"],
    ["ollama", "devstral-small-2"],
    ["ollama", "nemotron-3-nano:30b"],
    ["ollama", "glm-4.7-flash"],
    ["azure", "gpt-5.2"],
    ["azure", "claude-opus-4-5"],
    ["azure", "claude-sonnet-4-5"],
    ["azure", "grok-4"],
    ["azure", "DeepSeek-V3.2"],
    ["azure", "o3"],
    ["azure", "o4-mini"],
    ["azure", "mistral-large-3"],
    ["azure", "phi-4-reasoning"],
  ])("%s %s", async (provider = "", id = "") => {
    expect(await catalog.find(provider, id)).toMatchObject({ capabilities: { chat: "yes" } });
  });

  test("GPT-5.2 reads 272,000 tokens", async () => {
    expect((await catalog.find("azure", "gpt-5.2"))?.capabilities.maxInputTokens).toBe(272_000);
  });
});

interface Recorded {
  readonly provider: string;
  readonly model: string;
  /** What the model was seen to do. */
  readonly seen: readonly string[];
}

/** What recorded answers showed; see fixtures/README.md. */
function readRecorded(): readonly Recorded[] {
  const path = new URL("../../fixtures/recorded-abilities.json", import.meta.url);
  const parsed = parseJson(readFileSync(path, "utf8"));
  const rows: readonly Json[] = parsed.ok && Array.isArray(parsed.value) ? parsed.value : [];
  return rows.map((row) => {
    if (!isJsonObject(row)) throw new Error("not an object");
    const { provider, model, ...seen } = row;
    if (typeof provider !== "string" || typeof model !== "string") throw new Error("no model");
    return { provider, model, seen: Object.keys(seen) };
  });
}

function abilityOf(can: ModelCapabilities, name: string): Known {
  if (name === "schema") return can.structuredOutput === "none" ? "no" : "yes";
  if (name === "image" || name === "audio" || name === "file") return can.input[name];
  const value = Object.entries(can).find(([key]) => key === name)?.[1];
  return value === "yes" || value === "no" ? value : "unknown";
}

describe("recorded traffic", () => {
  test("shows nothing that the catalog denies", async () => {
    const denied: string[] = [];
    let known = 0;
    for (const { provider, model, seen } of readRecorded()) {
      const entry = await catalog.find(provider, model);
      if (entry === undefined) continue;
      known++;
      const wrong = seen.filter((name) => abilityOf(entry.capabilities, name) === "no");
      if (wrong.length > 0) denied.push(`${provider} ${model}: ${wrong.join(", ")}`);
    }

    expect(denied).toEqual([]);
    expect(known).toBeGreaterThan(90);
  });
});
