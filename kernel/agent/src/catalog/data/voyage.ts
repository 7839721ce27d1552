import type { ModelList } from "../catalog-model.ts";
import { embedding, usd } from "./facts.ts";

// Prices known from one collection only.
export const voyageModels: ModelList = {
  provider: "voyage",
  source: "docs.voyageai.com, by way of genai-prices, November 2026",
  models: [
    { id: "voyage-4-large", facts: { ...embedding, price: usd({ input: 0.12, output: 0 }) } },
    { id: "voyage-4", facts: { ...embedding, price: usd({ input: 0.06, output: 0 }) } },
    { id: "voyage-4-lite", facts: { ...embedding, price: usd({ input: 0.02, output: 0 }) } },
    { id: "voyage-3.5", facts: { ...embedding, price: usd({ input: 0.06, output: 0 }) } },
    { id: "voyage-3.5-lite", facts: { ...embedding, price: usd({ input: 0.02, output: 0 }) } },
    { id: "voyage-3-large", facts: { ...embedding, price: usd({ input: 0.18, output: 0 }) } },
    { id: "voyage-code-3", facts: { ...embedding, price: usd({ input: 0.18, output: 0 }) } },
    { id: "voyage-context-3", facts: { ...embedding, price: usd({ input: 0.18, output: 0 }) } },
    { id: "voyage-finance-2", facts: { ...embedding, price: usd({ input: 0.12, output: 0 }) } },
    { id: "voyage-law-2", facts: { ...embedding, price: usd({ input: 0.12, output: 0 }) } },
    { id: "voyage-multilingual-2", facts: { ...embedding, price: usd({ input: 0.12, output: 0 }) } },
  ],
};
