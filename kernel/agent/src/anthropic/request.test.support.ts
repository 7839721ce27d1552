import type { AnthropicBodyOptions } from "./body-options.ts";

/** A model that can everything, and no marks in its prompts. */
export const plainOptions: AnthropicBodyOptions = {
  identity: { provider: "anthropic", model: "claude-x" },
  maxOutputTokens: 1000,
  thinking: "adaptive",
  enforcesSchema: true,
  sampling: true,
  promptCache: "none",
  citeDocuments: false,
};
