import { unknownCapabilities } from "@tau/agent";
import type { ModelCapabilities } from "@tau/agent";

/** What holds for every command; the vendor's own tools stay switched off. */
export const textOnly: ModelCapabilities = {
  ...unknownCapabilities,
  chat: "yes",
  streaming: "yes",
  tools: "no",
  parallelTools: "no",
  forcedTools: "no",
  toolsWithSchema: "no",
  structuredOutput: "none",
  sampling: "no",
  input: { text: "yes", image: "no", audio: "no", video: "no", file: "no" },
  output: { text: "yes", image: "no", audio: "no", video: "no", file: "no" },
  embeddings: "no",
  transcription: "no",
  speech: "no",
};
