import { readEvals, testTriggers } from "@tau/skills";
import type { FoundSkill, Skill, TriggerReport } from "@tau/skills";

import { findAbleModel } from "./able-model.ts";
import { flagOption } from "./command.ts";
import type { ParsedArgs } from "./command.ts";
import { exitCodes } from "./exit-codes.ts";
import { plain, plainJson } from "./plain-text.ts";
import { readSettings } from "./read-settings.ts";
import { runOutcome } from "./skill-outcomes.ts";
import type { Outcome, OutcomeOptions } from "./skill-outcomes.ts";
import { createStyle } from "./style.ts";
import { writeLine } from "./terminal.ts";
import type { Terminal } from "./terminal.ts";
import { usageError } from "./usage-error.ts";

interface Tested {
  readonly skill: string;
  readonly triggers: TriggerReport;
  readonly outcomes: readonly Outcome[];
}

/** `tau skills test`: runs the tests that skills bring along, and answers the exit code. */
export async function testSkills(
  found: readonly FoundSkill[],
  name: string | undefined,
  { args, terminal }: { readonly args: ParsedArgs; readonly terminal: Terminal },
): Promise<number> {
  const usable = found.flatMap(({ skill, status }) =>
    skill !== undefined && status === "usable" ? [skill] : [],
  );
  const chosen = name === undefined ? usable : usable.filter((skill) => skill.name === name);
  if (name !== undefined && chosen.length === 0)
    throw usageError(`There is no usable skill "${name}"; "tau skills list" shows those there are.`);
  const options = flagOption(args, "outcomes") ? await outcomeOptions(args, terminal) : undefined;
  const json = flagOption(args, "json");
  let failed = 0;
  let tests = 0;
  for (const skill of chosen) {
    const tested = await testSkill(skill, usable, options);
    const { triggers, outcomes } = tested;
    tests += triggers.cases.length + outcomes.length;
    failed += triggers.cases.filter(({ passed }) => !passed).length;
    failed += outcomes.filter(({ faults }) => faults.length > 0).length;
    for (const line of json ? [plainJson(tested)] : linesOf(tested, terminal)) writeLine(terminal, line);
  }
  if (!json) writeLine(terminal, `${tests - failed} passed, ${failed} failed`);
  return failed === 0 ? exitCodes.ok : exitCodes.failed;
}

async function outcomeOptions(args: ParsedArgs, terminal: Terminal): Promise<OutcomeOptions> {
  const settings = await readSettings(args, terminal, false);
  const { model } = await findAbleModel(settings, terminal);
  return { settings, model, terminal };
}

async function testSkill(
  skill: Skill,
  among: readonly Skill[],
  options: OutcomeOptions | undefined,
): Promise<Tested> {
  const evals = await readEvals(skill.files, new AbortController().signal);
  const outcomes: Outcome[] = [];
  if (options !== undefined)
    for (const one of evals.outcomes) outcomes.push(await runOutcome(skill, one, options));
  return { skill: skill.name, triggers: testTriggers(skill, among, evals.triggers), outcomes };
}

function linesOf({ skill, triggers, outcomes }: Tested, terminal: Terminal): readonly string[] {
  const style = createStyle(terminal);
  const { cases, precision, recall } = triggers;
  if (cases.length + outcomes.length === 0) return [plain(`${skill}: no tests`)];
  const rates = cases.length === 0 ? "" : `  precision ${percent(precision)}, recall ${percent(recall)}`;
  return [
    `${style("bold", plain(skill))}${rates}`,
    ...cases.map(({ query, passed, shouldTrigger, found }) => {
      const why = `${shouldTrigger ? "should be found" : "should not come first"}, found: ${found.join(", ") || "none"}`;
      return plain(`  ${passed ? "ok    " : "FAILED"} ${JSON.stringify(query)}${passed ? "" : `: ${why}`}`);
    }),
    ...outcomes.map(({ id, faults }) =>
      plain(
        `  ${faults.length === 0 ? "ok    " : "FAILED"} task ${id}${faults.length === 0 ? "" : `: ${faults.join("; ")}`}`,
      ),
    ),
  ];
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
