import { resolve } from "node:path";

import { TauError } from "@tau/core";
import { createFolderFiles, validateSkill } from "@tau/skills";
import type { FoundSkill } from "@tau/skills";

import { agentOptions } from "../agent-options.ts";
import { askLine } from "../ask-line.ts";
import { flagOption } from "../command.ts";
import type { Command, ParsedArgs } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import { findSkills, skillRoots } from "../find-skills.ts";
import { planLock, writeLock } from "../lock-skills.ts";
import { plain, plainJson } from "../plain-text.ts";
import { folderOf } from "../read-settings.ts";
import { faultLines, skillLines } from "../skill-lines.ts";
import { createStyle } from "../style.ts";
import { tauHome } from "../tau-home.ts";
import { isInteractive, writeLine } from "../terminal.ts";
import type { Terminal } from "../terminal.ts";
import { usageError } from "../usage-error.ts";
import { wrongVerb } from "../verb-hint.ts";

/** `tau skills`: what agents in this folder can look up. */
export const skillsCommand: Command = {
  usage:
    "skills list | skills show NAME | skills validate [FOLDER] | skills test [NAME] | skills lock [--user]",
  description: `Lists the skills that count in this folder and those that do not, shows one, checks them strictly by the
Agent Skills specification, runs the tests they bring along, or locks them: shows what is new and, once you
say so, trusts exactly these files.
Skills are in .tau/skills, .agents/skills and .claude/skills of the project, then in $TAU_HOME/skills,
~/.agents/skills and ~/.claude/skills. A project's skills count once they are locked here, and a skill that
changed waits until it is locked again. They are instructions: read them as you would a script.`,
  options: {
    user: { type: "boolean", help: "With lock: lock your own skills, not the project's." },
    yes: { type: "boolean", short: "y", help: "With lock: do not ask, you have read them." },
    outcomes: {
      type: "boolean",
      help: "With test: have the model do the tasks of evals/evals.json, too, each in a fresh folder.",
    },
    json: { type: "boolean", help: "With list and test: print one skill a line, as JSON." },
    ...agentOptions,
    cwd: { type: "string", short: "C", value: "FOLDER", help: "The project. Default: this folder." },
  },
  maxWords: 2,
  examples: [
    "tau skills list",
    "tau skills show pdf",
    "tau skills validate ./my-skill",
    "tau skills test pdf --outcomes --model gpt-5",
    "tau skills lock",
  ],

  async run(args, terminal) {
    const [verb = "list", word] = args.positionals;
    const place = { home: tauHome(terminal), cwd: await folderOf(args, terminal) };
    if (verb === "list" && word === undefined) {
      list((await findSkills(place)).found, terminal, flagOption(args, "json"));
      return exitCodes.ok;
    }
    if (verb === "show" && word !== undefined) {
      await show((await findSkills(place)).found, word, terminal);
      return exitCodes.ok;
    }
    if (verb === "validate") {
      const all = word === undefined ? (await findSkills(place)).found.flatMap(folderOfSkill) : [];
      return await validate(word === undefined ? all : [resolve(terminal.cwd, word)], terminal);
    }
    if (verb === "test") {
      const { testSkills } = await import("../test-skills.ts");
      return await testSkills((await findSkills(place)).found, word, { args, terminal });
    }
    if (verb === "lock" && word === undefined) return await lock(place, args, terminal);
    throw wrongVerb(
      verb,
      ["list", "show", "validate", "test", "lock"],
      "Say `tau skills list`, `show NAME`, `validate [FOLDER]`, `test [NAME]` or `lock`.",
    );
  },
};

function list(found: readonly FoundSkill[], terminal: Terminal, json: boolean): void {
  if (json) {
    for (const { skill, ...rest } of found)
      writeLine(
        terminal,
        plainJson({
          ...rest,
          ...(skill === undefined ? {} : { description: skill.description, triggers: skill.triggers }),
        }),
      );
    return;
  }
  if (found.length === 0)
    writeLine(terminal, "There are no skills here. Put one into .agents/skills/NAME/SKILL.md.");
  for (const line of skillLines(found, createStyle(terminal))) writeLine(terminal, line);
  if (found.some(({ status }) => status === "untrusted" || status === "quarantined"))
    writeLine(
      terminal,
      "\nTo look at them and let them count: tau skills lock, and for your own: tau skills lock --user",
    );
}

async function show(found: readonly FoundSkill[], name: string, terminal: Terminal): Promise<void> {
  const named = found.filter((one) => one.name === name);
  const one = named.find(({ status }) => status === "usable") ?? named[0];
  if (one === undefined)
    throw new TauError(
      "skill.not_found",
      `There is no skill ${JSON.stringify(name)}; "tau skills list" shows those there are.`,
    );
  const [line = ""] = skillLines([one], createStyle(terminal));
  writeLine(terminal, line);
  const { skill } = one;
  if (skill === undefined) return;
  const { signal } = new AbortController();
  const { files, refused } = await skill.files.list(signal);
  const facts = [
    ["folder", skill.files.folder ?? ""],
    ["does", skill.description],
    ["triggers", skill.triggers.join(", ")],
    ["license", skill.license ?? ""],
    ["needs", skill.compatibility ?? ""],
    [
      "tools",
      skill.allowedTools === undefined ? "" : `only ${skill.allowedTools.join(", ") || "none"}, while in use`,
    ],
    ["files", files.map(({ path, bytes }) => `${path} (${bytes})`).join(", ")],
    ["refused", refused.join(", ")],
  ];
  for (const [key = "", value = ""] of facts)
    if (value !== "") writeLine(terminal, plain(`  ${key.padEnd(9)} ${value}`));
  for (const warning of faultLines(skill.warnings, "warning")) writeLine(terminal, warning);
}

async function validate(folders: readonly string[], terminal: Terminal): Promise<number> {
  const { signal } = new AbortController();
  let code: number = exitCodes.ok;
  for (const folder of folders) {
    const { valid, faults, advice } = await validateSkill(createFolderFiles(folder), signal);
    if (!valid) code = exitCodes.failed;
    writeLine(terminal, plain(`${folder}: ${valid ? "valid" : "not valid"}`));
    for (const line of [...faultLines(faults, "fault"), ...faultLines(advice, "advice")])
      writeLine(terminal, line);
  }
  if (folders.length === 0) writeLine(terminal, "There are no skills here to validate.");
  return code;
}

function folderOfSkill({ root, path }: FoundSkill): readonly string[] {
  return root === undefined ? [] : [resolve(root, path)];
}

async function lock(
  place: { readonly home: string; readonly cwd: string },
  args: ParsedArgs,
  terminal: Terminal,
): Promise<number> {
  const level = flagOption(args, "user") ? "user" : "project";
  const roots = (await skillRoots(place)).filter((root) => root.level === level);
  const { signal } = new AbortController();
  const plans = await Promise.all(
    roots.map(async ({ folder }) => await planLock(folder, place.home, signal)),
  );
  if (plans.length === 0) {
    writeLine(terminal, `There are no ${level} skills to lock.`);
    return exitCodes.ok;
  }
  for (const line of plans.flatMap(({ lines }) => lines)) writeLine(terminal, line);
  if (!flagOption(args, "yes") && !(await isWanted(terminal))) {
    writeLine(terminal, "Not locked; nothing was changed.");
    return exitCodes.denied;
  }
  for (const plan of plans)
    writeLine(terminal, `Locked and trusted as shown above: ${await writeLock(plan, place.home)}`);
  return exitCodes.ok;
}

async function isWanted(terminal: Terminal): Promise<boolean> {
  if (!isInteractive(terminal))
    throw usageError(`Nobody can be asked here: read them, then run "tau skills lock --yes".`);
  const prompt = createStyle(terminal)("bold", "Let agents follow these? [y]es or [n]o: ");
  const said = await askLine(terminal, prompt, new AbortController().signal);
  return /^y(es)?$/iu.test(said?.trim() ?? "");
}
