import { isJsonObject, isTauError, parseJson, TauError } from "@tau/core";
import type { Json, JsonObject } from "@tau/core";

import { readText } from "../read-text.ts";
import type { SkillFiles } from "../skill-files.ts";

/** A prompt that a skill should be found for, or should not. */
export interface TriggerCase {
  readonly query: string;
  readonly shouldTrigger: boolean;
}

/** What must be so after a task was done with a skill. */
export type OutcomeCheck =
  | { readonly kind: "contains" | "not_contains"; readonly text: string }
  | { readonly kind: "file_exists"; readonly path: string }
  | { readonly kind: "command"; readonly command: string };

/** A task to be done with a skill. */
export interface OutcomeCase {
  readonly id: string;
  readonly prompt: string;
  /** Files of the skill that lie in the folder where the task is done, by their path below `evals/files`. */
  readonly files: readonly string[];
  readonly checks: readonly OutcomeCheck[];
}

/** The tests that a skill brings along. */
export interface SkillEvals {
  /** Of `evals/triggers.json`: a list of `{ "query": "…", "should_trigger": true }`. */
  readonly triggers: readonly TriggerCase[];
  /** Of `evals/evals.json`: `{ "evals": [{ "id", "prompt", "files", "checks" }] }`. */
  readonly outcomes: readonly OutcomeCase[];
}

const triggersFile = "evals/triggers.json";
const outcomesFile = "evals/evals.json";

/** Reads the tests of a skill; none where it has none. @throws TauError `skill.invalid_evals`, and what `read` throws */
export async function readEvals(files: SkillFiles, signal: AbortSignal): Promise<SkillEvals> {
  const triggers = await readJson(files, triggersFile, signal);
  const outcomes = await readJson(files, outcomesFile, signal);
  return {
    triggers: triggers === undefined ? [] : listOf(triggersFile, triggers).map(toTrigger),
    outcomes:
      outcomes === undefined
        ? []
        : listOf(outcomesFile, isJsonObject(outcomes) ? outcomes["evals"] : outcomes).map(toOutcome),
  };
}

async function readJson(files: SkillFiles, path: string, signal: AbortSignal): Promise<Json | undefined> {
  let text: string;
  try {
    text = await readText(files, path, signal);
  } catch (error) {
    if (isTauError(error) && error.code === "skill.file_not_found") return undefined;
    throw error;
  }
  const parsed = parseJson(text);
  if (!parsed.ok) throw invalid(path, "is not JSON");
  return parsed.value;
}

function listOf(path: string, value: Json | undefined): readonly JsonObject[] {
  if (!Array.isArray(value) || !value.every(isJsonObject)) throw invalid(path, "has no list of tests");
  return value;
}

function toTrigger({ query, should_trigger: shouldTrigger }: JsonObject, index: number): TriggerCase {
  if (typeof query === "string" && typeof shouldTrigger === "boolean") return { query, shouldTrigger };
  throw invalid(triggersFile, `has no "query" and "should_trigger" in its test ${index + 1}`);
}

function toOutcome({ id, prompt, files = [], checks = [] }: JsonObject, index: number): OutcomeCase {
  const where = `in its test ${index + 1}`;
  if (typeof prompt !== "string") throw invalid(outcomesFile, `has no "prompt" ${where}`);
  if (!Array.isArray(files) || !files.every((file): file is string => typeof file === "string"))
    throw invalid(outcomesFile, `has "files" that are no paths ${where}`);
  if (!Array.isArray(checks) || checks.length === 0)
    throw invalid(outcomesFile, `has no "checks" ${where}: without one it cannot fail`);
  return {
    id: typeof id === "string" || typeof id === "number" ? String(id) : String(index + 1),
    prompt,
    files,
    checks: checks.map((check: Json) => toCheck(check, where)),
  };
}

function toCheck(value: Json, where: string): OutcomeCheck {
  const entries = isJsonObject(value) ? Object.entries(value) : [];
  const [[kind, text] = ["", ""]] = entries;
  if (entries.length === 1 && typeof text === "string") {
    if (kind === "contains" || kind === "not_contains") return { kind, text };
    if (kind === "file_exists") return { kind, path: text };
    if (kind === "command") return { kind, command: text };
  }
  throw invalid(
    outcomesFile,
    `has a check ${where} that is none of contains, not_contains, file_exists and command`,
  );
}

function invalid(path: string, reason: string): TauError {
  return new TauError("skill.invalid_evals", `The file ${path} of the skill ${reason}. Correct it.`);
}
