/** Something that the guard found in a prompt. Never holds the text itself. */
export interface GuardFinding {
  /** `hidden:tag`, `secret:api_key`, `rule:ignore_instructions`, `classifier:jailbreak`. */
  readonly name: string;
  readonly where: "system" | "user" | "assistant" | "tool" | "prompt";
  readonly action: "flagged" | "removed" | "blocked";
}

/** What the guard did with a call. */
export interface GuardFacts {
  readonly findings: GuardFinding[];
  /** How the slow lane ended; undefined without one. */
  slowLane: "running" | "safe" | "unsafe" | "failed" | "unfinished" | undefined;
  /** From 0 to 1, when the classifier gave one. */
  score: number | undefined;
}
