import { isTauError } from "@tau/core";

import { readText } from "../read-text.ts";
import type { SkillBackend } from "../skill-backend.ts";
import type { SkillFiles } from "../skill-files.ts";
import type { SkillFault } from "../skill.ts";
import { parseSteps } from "./parse-steps.ts";
import { runSteps } from "./run-steps.ts";
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
      run: async (given, run) => await runSteps(program, given, run),
    },
  };
}
