import type { ModelList } from "./catalog-model.ts";

/** Loads one list. Nothing is loaded before somebody looks a model up. */
type Load = () => Promise<ModelList>;

/** The lists that come with Tau, by the provider's name. One file each, so that adding one touches no other. */
const shipped: ReadonlyMap<string, Load> = new Map<string, Load>([
  ["anthropic", async () => (await import("./data/anthropic.ts")).anthropicModels],
  ["openai", async () => (await import("./data/openai.ts")).openAiModels],
  ["gemini", async () => (await import("./data/gemini.ts")).geminiModels],
  ["mistral", async () => (await import("./data/mistral.ts")).mistralModels],
  ["groq", async () => (await import("./data/groq.ts")).groqModels],
  ["xai", async () => (await import("./data/xai.ts")).xaiModels],
  ["deepseek", async () => (await import("./data/deepseek.ts")).deepSeekModels],
  ["cerebras", async () => (await import("./data/cerebras.ts")).cerebrasModels],
  ["moonshot", async () => (await import("./data/moonshot.ts")).moonshotModels],
  ["zai", async () => (await import("./data/zai.ts")).zaiModels],
  ["cohere", async () => (await import("./data/cohere.ts")).cohereModels],
  ["voyage", async () => (await import("./data/voyage.ts")).voyageModels],
  ["azure", async () => (await import("./data/azure.ts")).azureModels],
  ["ollama", async () => (await import("./data/ollama.ts")).ollamaModels],
  ["open-weights", async () => (await import("./data/open-weights.ts")).openWeights],
]);

/** Other names of providers, and the names that laboratories have in `lab/model` ids. */
const otherNames: ReadonlyMap<string, string> = new Map([
  ["google", "gemini"],
  ["mistralai", "mistral"],
  ["x-ai", "xai"],
  ["moonshotai", "moonshot"],
  ["z-ai", "zai"],
  ["zhipuai", "zai"],
  ["voyageai", "voyage"],
]);

/** The providers with a list of their own. */
export const shippedProviders: readonly string[] = [...shipped.keys()];

/** A provider by the one name that its list has. */
export function providerNameOf(name: string): string {
  const lower = name.trim().toLowerCase();
  return otherNames.get(lower) ?? lower;
}

/** The shipped list of a provider; undefined when there is none. */
export async function loadShipped(provider: string): Promise<ModelList | undefined> {
  return await shipped.get(providerNameOf(provider))?.();
}
