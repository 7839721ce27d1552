import type { Json, JsonObject, JsonSchema } from "@tau/core";

import type { SkillRequirements } from "../skill-backend.ts";

/** One step: a tool is called, or a model is asked. */
export type Step =
  | { readonly kind: "tool"; readonly name: string; readonly tool: string; readonly args: JsonObject }
  | { readonly kind: "llm"; readonly name: string; readonly prompt: string; readonly schema?: JsonSchema };

/** A steps.yaml: steps that run one after the other. There are no branches and no loops; those are for code. */
export interface StepsProgram {
  readonly input: JsonSchema;
  readonly steps: readonly Step[];
  /** A template of what the skill answers. Default: the output of the last step. */
  readonly output: Json;
  readonly requires: SkillRequirements;
}

/** The file that holds the steps. */
export const stepsFile = "steps.yaml";
/** More steps are a program. */
export const maxSteps = 50;
