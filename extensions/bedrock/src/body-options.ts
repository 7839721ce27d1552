import type { ModelIdentity } from "@tau/agent/adapter";
import type { JsonObject } from "@tau/core";

import type { ModelFamily } from "./model-family.ts";

/** How bodies are written. */
export interface ConverseBodyOptions {
  readonly identity: ModelIdentity;
  readonly family: ModelFamily;
  /** Whether `temperature` and `topP` are taken. */
  readonly sampling: boolean;
  /** How long marked prompts are kept; `none` places no marks. */
  readonly promptCache: "5m" | "1h" | "none";
  /** Whether the answer is to cite the documents in the conversation. */
  readonly citeDocuments: boolean;
  readonly maxOutputTokens?: number;
  /** `guardrailConfig`, as it is sent. */
  readonly guardrail?: JsonObject;
}
