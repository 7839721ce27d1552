import type { JsonObject, JsonSchema, Label, Spent, TextPart } from "@tau/core";
import type { ToolContext, ToolOutput } from "@tau/tools";

/** What a skill that does its work by itself needs. */
export interface SkillRequirements {
  /** Tools that it calls; without one of them it is not begun. */
  readonly tools: readonly string[];
  /** Scopes that the caller must have. */
  readonly scopes: readonly string[];
  /** Milliseconds after which it is stopped; never more than 10 minutes. */
  readonly maxDurationMs: number;
}

/** What a skill tells of its work while it goes on. */
export type SkillEvent =
  | { readonly type: "step_started"; readonly step: string; readonly kind: "tool" | "llm" }
  | { readonly type: "step_finished"; readonly step: string; readonly isError: boolean };

/** A question that a skill asks a model: without tools, with each part labelled by where it came from. */
export interface SkillQuestion {
  readonly parts: readonly TextPart[];
  /** The answer must be JSON of this shape. */
  readonly schema?: JsonSchema;
  readonly signal: AbortSignal;
}

/** What became of work that somebody else did. */
export interface SkillAnswer {
  readonly text: string;
  /** What went into it. */
  readonly label: Label;
  /** What it used, where that counts for the run that asks. */
  readonly spent?: Spent;
  /** Whether there is no answer, and the text says why. */
  readonly isError?: true;
}

/** A task for an agent of its own. */
export interface AgentTask {
  /** The name of the skill. */
  readonly skill: string;
  /** Instructions of the agent: those of the skill. */
  readonly instructions: string;
  readonly prompt: string;
  /** What the prompt was made of. */
  readonly label: Label;
  /** The only tools it may use; absent: those of the agent that asks. Never more than those. */
  readonly tools?: readonly string[];
  /** Milliseconds that it may run; waiting for a person does not count. */
  readonly maxDurationMs: number;
  /** The tool call that asks: who, for whom, in which run, until when, and by which key it is known when it is run again. */
  readonly context: ToolContext;
}

/** What the program around an agent lends to its skills. */
export interface SkillHost {
  /** Asks the agent's model. Absent: skills with such steps cannot run. */
  ask?(question: SkillQuestion, context: ToolContext): Promise<SkillAnswer>;
  /**
   * Runs an agent below the one that asks, whose questions are asked where those of the other are. Asked again by a call
   * with the same idempotency key, it answers of the agent that there is. Absent: skills that are agents cannot run.
   */
  runAgent?(task: AgentTask): Promise<SkillAnswer>;
}

/** What a backend gets beside its input. */
export interface SkillRun {
  readonly context: ToolContext;
  readonly host: SkillHost;
  readonly tell: (event: SkillEvent) => void;
}

/** How a skill does its work by itself, instead of telling the model how: code, steps, or an agent of its own. */
export interface SkillBackend {
  readonly kind: "native" | "steps" | "agent";
  /** What it must be given: an object. */
  readonly input: JsonSchema;
  readonly requires: SkillRequirements;
  /**
   * Whether it may simply be run again after a crash: it finds what it did before, and does only the rest. Absent: a person
   * decides.
   */
  readonly resumes?: boolean;
  run(input: JsonObject, run: SkillRun): Promise<ToolOutput>;
}

/** The time of a skill that does not say. */
export const defaultDurationMs = 120_000;
/** The longest time. */
export const maxDurationMs = 600_000;
