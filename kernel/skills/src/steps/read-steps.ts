import { isTauError } from "@tau/core";

import { readText } from "../read-text.ts";
import type { SkillBackend } from "../skill-backend.ts";
import type { SkillFiles } from "../skill-files.ts";
import type { SkillFault } from "../skill.ts";
import { parseSteps } from "./parse-steps.ts";
import { runSteps } from "./run-steps.ts";
import type { StepsProgram } from "./step.ts";
import { stepsFile } from "./step.ts";

/** What a skill's steps.yaml makes of it: nothing when there is none, faults when it cannot be run. */
export interface ReadSteps {
  readonly backend?: SkillBackend;
  readonly faults: readonly SkillFault[];
}

/** Reads the steps of a skill. Throws what `SkillFiles.read` throws, but for a file that is not there. */
export async function readSteps(files: SkillFiles, signal: AbortSignal): Promise<ReadSteps> {
  let text: string;
  try {
    text = await readText(files, stepsFile, signal);
  } catch (error) {
    if (isTauError(error) && error.code === "skill.file_not_found") return { faults: [] };
    throw error;
  }
  const parsed = parseSteps(text);
  if (!parsed.ok) return { faults: parsed.faults };
  const { program } = parsed;
  const { input, requires } = program;
  return {
    faults: [],
    backend: {
      kind: "steps",
      input,
      requires,
      resumes: findsItsCalls(program),
      run: async (given, run) => await runSteps(program, given, run),
    },
  };
}

/**
 * Whether steps that are run again make the calls that they made before, which then have their results. A model asked again
 * may say something else, and what it says may be in the calls after it.
 */
function findsItsCalls({ steps }: StepsProgram): boolean {
  const firstAsk = steps.findIndex(({ kind }) => kind === "llm");
  const lastCall = steps.findLastIndex(({ kind }) => kind === "tool");
  return firstAsk === -1 || lastCall < firstAsk;
}
