import type { ModelIdentity } from "../model-error.ts";
import type { ClaudeThinking } from "./claude-models.ts";

/** How long the provider keeps what is marked: five minutes are cheaper to write, an hour outlives a pause. */
export type CacheTtl = "5m" | "1h";

/** How bodies are written. */
export interface AnthropicBodyOptions {
  readonly identity: ModelIdentity;
  readonly maxOutputTokens: number;
  readonly thinking: ClaudeThinking;
  /** Whether the provider can hold the model to a schema. */
  readonly enforcesSchema: boolean;
  /** Whether `temperature` and `topP` are taken. */
  readonly sampling: boolean;
  /** How long marked prompts are kept; `none` places no marks. */
  readonly promptCache: CacheTtl | "none";
  /** Whether the answer is to cite the documents in the conversation. */
  readonly citeDocuments: boolean;
}
