import type { ModelRequest } from "@tau/agent";

/** What is to be judged: whose it is, and what is new in it. */
export interface ClassifiedPrompt {
  readonly tenant: string;
  /** Texts of users and tools after the model's last answer: what is older was judged when it was new. */
  readonly texts: readonly string[];
  readonly request: ModelRequest;
}

/** How dangerous a prompt seems. */
export interface PromptRating {
  /** From 0, harmless, to 1. */
  readonly score: number;
  /** What it seems to be, for example `jailbreak`. */
  readonly label?: string;
}

/** Judges prompts, perhaps with a model of its own. Takes its time, and obeys its signal. */
export interface PromptClassifier {
  classify(prompt: ClassifiedPrompt, signal: AbortSignal): Promise<PromptRating>;
}
